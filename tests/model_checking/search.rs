//! Breadth-first search of all states, so that the first violation has the shortest path.
//!
//! A state is kept as the last step to it, which takes eight bytes, and its path is walked again
//! when it is expanded. Whole sessions would need too much memory.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use testkit::model::Violation;

use crate::alphabet::{Step, alphabet};
use crate::driver::Stop;
use crate::settings::Setting;
use crate::walk::Walk;

/// Number of states that a thread takes at a time.
const BLOCK: usize = 128;
/// One in this many states that were seen before is compared with the state seen first.
const SAMPLE: u64 = 512;
/// Upper bound for these comparisons at each depth.
const MAX_TWINS: usize = 200;

/// Limits of a search.
#[derive(Clone, Copy)]
pub struct Budget {
    /// Number of states that are expanded.
    pub states: usize,
    pub until: Option<Instant>,
}

/// Result of a search.
#[derive(Default)]
pub struct Found {
    /// Number of steps within which all states were found.
    pub depth: usize,
    pub states: usize,
    pub transitions: u64,
    /// Number of states that were not expanded since they are out of bounds.
    pub out_of_bounds: usize,
    /// Number of states that were compared with another one of the same fingerprint.
    pub twins: usize,
    /// Number of times that each step of the alphabet was taken.
    pub taken: Vec<u64>,
    /// Number of states at `depth` that were expanded, and number of states there.
    pub expanded: (usize, usize),
    /// All states were found.
    pub is_complete: bool,
    pub finding: Option<Finding>,
}

/// A violation, and the path to it.
pub struct Finding {
    pub violation: Violation,
    pub path: Vec<(Step, Stop)>,
}

/// A state, represented by the last step to it.
#[derive(Clone, Copy)]
struct Node {
    parent: u32,
    step: u8,
    /// Number of outputs after which it stopped, or [`REST`].
    stop: u8,
}

const REST: u8 = u8::MAX;

impl Node {
    const fn stop(self) -> Stop {
        match self.stop {
            REST => Stop::Rest,
            outputs => Stop::After(outputs),
        }
    }
}

struct Search<'a> {
    setting: &'a Setting,
    steps: Vec<Step>,
    nodes: Vec<Node>,
    seen: HashMap<u64, u32>,
}

/// Result of one block of states.
#[derive(Default)]
struct BlockResult {
    block: usize,
    fresh: Vec<(u64, Node)>,
    twins: Vec<(u64, Node)>,
    transitions: u64,
    taken: Vec<u64>,
    out_of_bounds: usize,
    expanded: usize,
    violation: Option<(Violation, Vec<Node>)>,
}

/// Searches within the budget, or until a rule is violated.
pub fn search(setting: &Setting, budget: Budget) -> Found {
    let root = Node {
        parent: 0,
        step: 0,
        stop: REST,
    };
    let mut search = Search {
        setting,
        steps: alphabet(),
        nodes: vec![root],
        seen: HashMap::from([(Walk::new(setting).fingerprint(), 0)]),
    };
    let mut found = Found {
        taken: vec![0; search.steps.len()],
        ..Found::default()
    };
    let mut layer = 0..1_usize;
    let mut left = budget.states;
    while !layer.is_empty() {
        let end = layer.end.min(layer.start.saturating_add(left));
        let results = search.expand(layer.start..end, budget.until);
        let expanded = results.iter().map(|result| result.expanded).sum();
        left -= expanded;
        found.expanded = (expanded, layer.len());
        let twins = search.merge(results, &mut found);
        search.compare(&twins, &mut found);
        if found.finding.is_some() || expanded < layer.len() {
            break;
        }
        layer = layer.end..search.nodes.len();
        found.depth += usize::from(!layer.is_empty());
        found.is_complete = layer.is_empty();
    }
    found.states = search.nodes.len();
    found
}

impl Search<'_> {
    /// Takes all steps from these states, on all cores.
    fn expand(&self, layer: std::ops::Range<usize>, until: Option<Instant>) -> Vec<BlockResult> {
        let next = AtomicUsize::new(0);
        let stop = AtomicBool::new(false);
        let all = Mutex::new(Vec::new());
        let work = || {
            let mut walker = Walker::new(self);
            let mut mine = HashSet::new();
            loop {
                let block = next.fetch_add(1, Ordering::Relaxed);
                let start = layer.start + block * BLOCK;
                if start >= layer.end || stop.load(Ordering::Relaxed) {
                    return;
                }
                let mut result = BlockResult {
                    block,
                    taken: vec![0; self.steps.len()],
                    ..BlockResult::default()
                };
                for index in start..layer.end.min(start + BLOCK) {
                    if until.is_some_and(|until| Instant::now() >= until) {
                        stop.store(true, Ordering::Relaxed);
                        break;
                    }
                    walker.expand(index, &mut mine, &mut result);
                    result.expanded += 1;
                    if result.violation.is_some() {
                        stop.store(true, Ordering::Relaxed);
                        break;
                    }
                }
                all.lock().unwrap().push(result);
            }
        };
        let cores = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            for _ in 0..cores {
                scope.spawn(work);
            }
        });
        let mut all = all.into_inner().unwrap();
        all.sort_unstable_by_key(|result| result.block);
        all
    }

    /// Merges the results, in an order that does not depend on the threads. Returns the states
    /// that are to be compared with those seen first.
    fn merge(&mut self, results: Vec<BlockResult>, found: &mut Found) -> Vec<(u64, Node)> {
        let mut twins = Vec::new();
        for result in results {
            found.transitions += result.transitions;
            found.out_of_bounds += result.out_of_bounds;
            for (sum, times) in found.taken.iter_mut().zip(result.taken) {
                *sum += times;
            }
            for (fingerprint, node) in result.fresh {
                let index = u32::try_from(self.nodes.len()).unwrap();
                self.seen.entry(fingerprint).or_insert_with(|| {
                    self.nodes.push(node);
                    index
                });
            }
            twins.extend(result.twins);
            if let (None, Some((violation, nodes))) = (&found.finding, result.violation) {
                let path = self.steps_of(&nodes);
                found.finding = Some(Finding { violation, path });
            }
        }
        twins.truncate(MAX_TWINS);
        twins
    }

    /// Checks that states with the same fingerprint react to every step in the same way.
    fn compare(&self, twins: &[(u64, Node)], found: &mut Found) {
        for (fingerprint, node) in twins.iter().take_while(|_| found.finding.is_none()) {
            let known = self.path_to(self.seen[fingerprint] as usize);
            let mut nodes = self.path_to(node.parent as usize);
            nodes.push(*node);
            found.twins += 1;
            if let Some(step) = self.first_difference(&known, &nodes) {
                let known = self.steps_of(&known);
                let violation = Violation {
                    rule: "fingerprint",
                    detail: format!("{step} leads elsewhere than after {known:?}"),
                };
                let path = self.steps_of(&nodes);
                found.finding = Some(Finding { violation, path });
                return;
            }
        }
    }

    fn first_difference(&self, one: &[Node], other: &[Node]) -> Option<Step> {
        let walks = [one, other].map(|path| self.walk(path));
        let different = |step: &&Step| {
            let [one, other] = walks.each_ref().map(|walk| {
                let mut visited = Vec::new();
                let visit = &mut |stop, fingerprint| visited.push((stop, fingerprint));
                let outcome = walk.is_possible(**step).then(|| {
                    let outcome = walk.clone().take_visiting(**step, true, visit);
                    outcome.map_err(|violation| violation.rule)
                });
                (outcome, visited)
            });
            one != other
        };
        self.steps.iter().find(different).copied()
    }

    fn walk(&self, path: &[Node]) -> Walk<'_> {
        let mut walk = Walk::new(self.setting);
        for node in path {
            self.follow(&mut walk, *node);
        }
        walk
    }

    fn follow(&self, walk: &mut Walk<'_>, node: Node) {
        let step = self.steps[usize::from(node.step)];
        walk.take(step, node.stop())
            .expect("a step that went well before");
    }

    /// Path from the start to a state.
    fn path_to(&self, mut index: usize) -> Vec<Node> {
        let mut path = Vec::new();
        while index != 0 {
            let node = self.nodes[index];
            path.push(node);
            index = node.parent as usize;
        }
        path.reverse();
        path
    }

    fn steps_of(&self, path: &[Node]) -> Vec<(Step, Stop)> {
        let step = |node: &Node| (self.steps[usize::from(node.step)], node.stop());
        path.iter().map(step).collect()
    }
}

/// Walks from state to state, and keeps the states on its path, since the next state is mostly a
/// neighbour.
struct Walker<'a> {
    search: &'a Search<'a>,
    line: Vec<(usize, Walk<'a>)>,
}

impl<'a> Walker<'a> {
    fn new(search: &'a Search<'a>) -> Self {
        let line = vec![(0, Walk::new(search.setting))];
        Self { search, line }
    }

    fn walk_at(&mut self, index: usize) -> Walk<'a> {
        let mut ancestors = Vec::new();
        let mut at = index;
        while !self.line.iter().any(|&(known, _)| known == at) {
            ancestors.push(at);
            at = self.search.nodes[at].parent as usize;
        }
        while self.line.last().is_some_and(|&(known, _)| known != at) {
            self.line.pop();
        }
        for index in ancestors.into_iter().rev() {
            let mut walk = self.line.last().unwrap().1.clone();
            self.search.follow(&mut walk, self.search.nodes[index]);
            self.line.push((index, walk));
        }
        self.line.last().unwrap().1.clone()
    }

    fn expand(&mut self, index: usize, mine: &mut HashSet<u64>, result: &mut BlockResult) {
        let walk = self.walk_at(index);
        if walk.is_out_of_bounds() {
            result.out_of_bounds += 1;
            return;
        }
        let here = || self.search.path_to(index);
        let checks = catch_panics(|| walk.check_stale().and_then(|()| walk.clone().recover()));
        if let Err(violation) = checks {
            result.violation = Some((violation, here()));
            return;
        }
        for (number, step) in self.search.steps.iter().enumerate() {
            if !walk.is_possible(*step) {
                continue;
            }
            let mut node = Node {
                parent: index as u32,
                step: number as u8,
                stop: REST,
            };
            let visit = &mut |stop, fingerprint: u64| {
                result.transitions += 1;
                node.stop = match stop {
                    Stop::Rest => REST,
                    Stop::After(outputs) => outputs,
                };
                if self.search.seen.contains_key(&fingerprint) {
                    if is_sampled(fingerprint, node) {
                        result.twins.push((fingerprint, node));
                    }
                } else if mine.insert(fingerprint) {
                    result.fresh.push((fingerprint, node));
                }
            };
            result.taken[number] += 1;
            let mut next = walk.clone();
            if let Err(violation) = catch_panics(|| next.take_visiting(*step, false, visit)) {
                let mut path = here();
                node.stop = REST;
                path.push(node);
                result.violation = Some((violation, path));
                return;
            }
        }
    }
}

fn is_sampled(fingerprint: u64, node: Node) -> bool {
    let mixed = fingerprint ^ (u64::from(node.parent) << 8 | u64::from(node.step));
    mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32 & (SAMPLE - 1) == 0
}

/// Turns a panic into a violation.
pub fn catch_panics(act: impl FnOnce() -> Result<(), Violation>) -> Result<(), Violation> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).into()));
        Err(Violation {
            rule: "panic",
            detail: text.unwrap_or_default(),
        })
    })
}

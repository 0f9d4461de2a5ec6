//! All states within so many steps, nearest first: so the first broken rule that is found has
//! the shortest story.
//!
//! A state is kept as the way to it, which is eight bytes and is walked again when its turn
//! comes; sessions would fill the memory long before.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use crate::alphabet::{Step, alphabet};
use crate::driver::Stop;
use crate::invariants::Broken;
use crate::life::Life;
use crate::settings::Setting;

/// States that a thread takes at a time.
const BLOCK: usize = 128;
/// Of so many states that were seen before, one is compared with the one that was seen, ...
const SAMPLE: u64 = 512;
/// ... but no more than so many for each depth.
const MOST_TWINS: usize = 200;

/// How far to go.
#[derive(Clone, Copy)]
pub struct Budget {
    /// States whose steps are taken.
    pub states: usize,
    pub until: Option<Instant>,
}

/// What was found.
#[derive(Default)]
pub struct Found {
    /// All that can be reached by so many steps has been.
    pub depth: usize,
    pub states: usize,
    pub transitions: u64,
    /// States that have too much of something to go on from.
    pub beyond: usize,
    /// States that were compared with others of the same fingerprint.
    pub twins: usize,
    /// How often each step of the alphabet was taken.
    pub taken: Vec<u64>,
    /// How many states at `depth` were gone on from, and how many there are.
    pub expanded: (usize, usize),
    /// There is nothing left to find.
    pub is_closed: bool,
    pub broken: Option<Finding>,
}

/// A rule that is broken, and the way there.
pub struct Finding {
    pub broken: Broken,
    pub way: Vec<(Step, Stop)>,
}

/// A state, as the last step to it.
#[derive(Clone, Copy)]
struct Node {
    parent: u32,
    step: u8,
    /// After how many outputs, or [`REST`].
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

/// What a thread found in one block of states.
#[derive(Default)]
struct Harvest {
    block: usize,
    fresh: Vec<(u64, Node)>,
    twins: Vec<(u64, Node)>,
    transitions: u64,
    taken: Vec<u64>,
    beyond: usize,
    expanded: usize,
    broken: Option<(Broken, Vec<Node>)>,
}

/// Explores as far as the budget goes, or until a rule is broken.
pub fn explore(setting: &Setting, budget: Budget) -> Found {
    let root = Node {
        parent: 0,
        step: 0,
        stop: REST,
    };
    let mut search = Search {
        setting,
        steps: alphabet(),
        nodes: vec![root],
        seen: HashMap::from([(Life::new(setting).fingerprint(), 0)]),
    };
    let mut found = Found {
        taken: vec![0; search.steps.len()],
        ..Found::default()
    };
    let mut layer = 0..1_usize;
    let mut left = budget.states;
    while !layer.is_empty() {
        let end = layer.end.min(layer.start.saturating_add(left));
        let harvests = search.expand(layer.start..end, budget.until);
        let expanded = harvests.iter().map(|harvest| harvest.expanded).sum();
        left -= expanded;
        found.expanded = (expanded, layer.len());
        let twins = search.merge(harvests, &mut found);
        search.compare(&twins, &mut found);
        if found.broken.is_some() || expanded < layer.len() {
            break;
        }
        layer = layer.end..search.nodes.len();
        found.depth += usize::from(!layer.is_empty());
        found.is_closed = layer.is_empty();
    }
    found.states = search.nodes.len();
    found
}

impl Search<'_> {
    /// Takes all steps from these states, on all cores.
    fn expand(&self, layer: std::ops::Range<usize>, until: Option<Instant>) -> Vec<Harvest> {
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
                let mut harvest = Harvest {
                    block,
                    taken: vec![0; self.steps.len()],
                    ..Harvest::default()
                };
                for index in start..layer.end.min(start + BLOCK) {
                    if until.is_some_and(|until| Instant::now() >= until) {
                        stop.store(true, Ordering::Relaxed);
                        break;
                    }
                    walker.expand(index, &mut mine, &mut harvest);
                    harvest.expanded += 1;
                    if harvest.broken.is_some() {
                        stop.store(true, Ordering::Relaxed);
                        break;
                    }
                }
                all.lock().unwrap().push(harvest);
            }
        };
        let cores = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            for _ in 0..cores {
                scope.spawn(work);
            }
        });
        let mut all = all.into_inner().unwrap();
        all.sort_unstable_by_key(|harvest| harvest.block);
        all
    }

    /// Takes in what was found, in an order that does not depend on the threads. Gives those
    /// that are to be compared with what was there before.
    fn merge(&mut self, harvests: Vec<Harvest>, found: &mut Found) -> Vec<(u64, Node)> {
        let mut twins = Vec::new();
        for harvest in harvests {
            found.transitions += harvest.transitions;
            found.beyond += harvest.beyond;
            for (sum, times) in found.taken.iter_mut().zip(harvest.taken) {
                *sum += times;
            }
            for (fingerprint, node) in harvest.fresh {
                let index = u32::try_from(self.nodes.len()).unwrap();
                self.seen.entry(fingerprint).or_insert_with(|| {
                    self.nodes.push(node);
                    index
                });
            }
            twins.extend(harvest.twins);
            if let (None, Some((broken, nodes))) = (&found.broken, harvest.broken) {
                let way = self.steps_of(&nodes);
                found.broken = Some(Finding { broken, way });
            }
        }
        twins.truncate(MOST_TWINS);
        twins
    }

    /// Two lives with the same fingerprint are taken for one: see that they are, whatever
    /// happens next.
    fn compare(&self, twins: &[(u64, Node)], found: &mut Found) {
        for (fingerprint, node) in twins.iter().take_while(|_| found.broken.is_none()) {
            let known = self.way_to(self.seen[fingerprint] as usize);
            let mut way = self.way_to(node.parent as usize);
            way.push(*node);
            found.twins += 1;
            if let Some(step) = self.first_difference(&known, &way) {
                let known = self.steps_of(&known);
                let broken = Broken {
                    rule: "fingerprint",
                    detail: format!("{step} leads elsewhere than after {known:?}"),
                };
                let way = self.steps_of(&way);
                found.broken = Some(Finding { broken, way });
                return;
            }
        }
    }

    fn first_difference(&self, one: &[Node], other: &[Node]) -> Option<Step> {
        let lives = [one, other].map(|way| self.walk(way));
        let different = |step: &&Step| {
            let [one, other] = lives.each_ref().map(|life| {
                let mut shown = Vec::new();
                let show = &mut |stop, fingerprint| shown.push((stop, fingerprint));
                let outcome = life.may(**step).then(|| {
                    let outcome = life.clone().lead(**step, true, show);
                    outcome.map_err(|broken| broken.rule)
                });
                (outcome, shown)
            });
            one != other
        };
        self.steps.iter().find(different).copied()
    }

    fn walk(&self, way: &[Node]) -> Life<'_> {
        let mut life = Life::new(self.setting);
        for node in way {
            self.follow(&mut life, *node);
        }
        life
    }

    fn follow(&self, life: &mut Life<'_>, node: Node) {
        let step = self.steps[usize::from(node.step)];
        life.take(step, node.stop())
            .expect("a step that went well before");
    }

    /// The steps from the beginning to a state.
    fn way_to(&self, mut index: usize) -> Vec<Node> {
        let mut way = Vec::new();
        while index != 0 {
            let node = self.nodes[index];
            way.push(node);
            index = node.parent as usize;
        }
        way.reverse();
        way
    }

    fn steps_of(&self, way: &[Node]) -> Vec<(Step, Stop)> {
        let step = |node: &Node| (self.steps[usize::from(node.step)], node.stop());
        way.iter().map(step).collect()
    }
}

/// Goes from state to state, and keeps the lives on its way, since the next state is mostly a
/// neighbour.
struct Walker<'a> {
    search: &'a Search<'a>,
    line: Vec<(usize, Life<'a>)>,
}

impl<'a> Walker<'a> {
    fn new(search: &'a Search<'a>) -> Self {
        let line = vec![(0, Life::new(search.setting))];
        Self { search, line }
    }

    fn life_at(&mut self, index: usize) -> Life<'a> {
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
            let mut life = self.line.last().unwrap().1.clone();
            self.search.follow(&mut life, self.search.nodes[index]);
            self.line.push((index, life));
        }
        self.line.last().unwrap().1.clone()
    }

    fn expand(&mut self, index: usize, mine: &mut HashSet<u64>, harvest: &mut Harvest) {
        let life = self.life_at(index);
        if life.is_beyond() {
            harvest.beyond += 1;
            return;
        }
        let here = || self.search.way_to(index);
        let checks = guarded(|| life.check_stale().and_then(|()| life.clone().end_well()));
        if let Err(broken) = checks {
            harvest.broken = Some((broken, here()));
            return;
        }
        for (number, step) in self.search.steps.iter().enumerate() {
            if !life.may(*step) {
                continue;
            }
            let mut node = Node {
                parent: index as u32,
                step: number as u8,
                stop: REST,
            };
            let show = &mut |stop, fingerprint: u64| {
                harvest.transitions += 1;
                node.stop = match stop {
                    Stop::Rest => REST,
                    Stop::After(outputs) => outputs,
                };
                if self.search.seen.contains_key(&fingerprint) {
                    if is_sampled(fingerprint, node) {
                        harvest.twins.push((fingerprint, node));
                    }
                } else if mine.insert(fingerprint) {
                    harvest.fresh.push((fingerprint, node));
                }
            };
            harvest.taken[number] += 1;
            let mut next = life.clone();
            if let Err(broken) = guarded(|| next.lead(*step, false, show)) {
                let mut way = here();
                node.stop = REST;
                way.push(node);
                harvest.broken = Some((broken, way));
                return;
            }
        }
    }
}

fn is_sampled(fingerprint: u64, node: Node) -> bool {
    let mixed = fingerprint ^ (u64::from(node.parent) << 8 | u64::from(node.step));
    mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32 & (SAMPLE - 1) == 0
}

/// A panic is as broken as any rule.
pub fn guarded(act: impl FnOnce() -> Result<(), Broken>) -> Result<(), Broken> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).into()));
        Err(Broken {
            rule: "panic",
            detail: text.unwrap_or_default(),
        })
    })
}

//! Sequence from which any item is removed without moving the others.

use std::collections::VecDeque;

/// Vacant places from which the items are moved together, apart from as many as there are items.
const SPARE: usize = 8;

/// Items by ascending serials, in two parts: those in flight, and the queue.
///
/// An item that is removed leaves a vacant place. The items are moved together when more than half
/// of the places are vacant, so that a removal moves one item on average.
#[derive(Clone, Debug)]
pub(super) struct Places<T> {
    /// The first one is occupied, and so is the first one of the queue.
    places: VecDeque<(u64, Option<T>)>,
    /// Number of places before the queue.
    sent: usize,
    /// Number of items.
    occupied: usize,
}

impl<T> Places<T> {
    pub(super) const fn new() -> Self {
        Self {
            places: VecDeque::new(),
            sent: 0,
            occupied: 0,
        }
    }

    /// Number of items.
    pub(super) const fn len(&self) -> usize {
        self.occupied
    }

    /// Queues an item after the others, with a serial above theirs.
    pub(super) fn push(&mut self, serial: u64, item: T) {
        debug_assert!(
            self.places.back().is_none_or(|(last, _)| *last < serial),
            "serials ascend"
        );
        self.places.push_back((serial, Some(item)));
        self.occupied += 1;
    }

    /// The first item, with its serial.
    pub(super) fn first(&self) -> Option<(u64, &T)> {
        self.at(0)
    }

    /// The first item in flight, with its serial.
    pub(super) fn first_in_flight(&self) -> Option<(u64, &T)> {
        self.first().filter(|_| self.sent > 0)
    }

    /// The first item of the queue, with its serial.
    pub(super) fn first_queued(&self) -> Option<(u64, &T)> {
        self.at(self.sent)
    }

    /// The item with this serial.
    pub(super) fn get(&self, serial: u64) -> Option<&T> {
        Some(self.at(self.find(serial)?)?.1)
    }

    /// The item with this serial, if it is in the queue.
    pub(super) fn queued(&self, serial: u64) -> Option<&T> {
        let index = self.find(serial).filter(|index| *index >= self.sent)?;
        Some(self.at(index)?.1)
    }

    /// All items with their serials; true for those in flight.
    pub(super) fn iter(&self) -> impl Iterator<Item = (bool, u64, &T)> {
        (0..self.places.len()).filter_map(|index| {
            let (serial, item) = self.at(index)?;
            Some((index < self.sent, serial, item))
        })
    }

    /// As [`iter`](Self::iter).
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (bool, u64, &mut T)> {
        let sent = self.sent;
        let places = self.places.iter_mut().enumerate();
        places.filter_map(move |(index, (serial, item))| {
            Some((index < sent, *serial, item.as_mut()?))
        })
    }

    /// Number of items in flight.
    pub(super) fn in_flight(&self) -> usize {
        self.iter().take_while(|(in_flight, ..)| *in_flight).count()
    }

    /// Counts the first item of the queue among those in flight.
    pub(super) fn depart(&mut self) -> Option<(u64, &mut T)> {
        self.first_queued()?;
        let index = self.sent;
        self.sent += 1;
        self.skip_vacant();
        let (serial, item) = self.places.get_mut(index)?;
        Some((*serial, item.as_mut()?))
    }

    /// Puts the items in flight into the queue again, before the others.
    pub(super) const fn requeue(&mut self) {
        self.sent = 0;
    }

    /// Removes the item with this serial.
    pub(super) fn remove(&mut self, serial: u64) -> Option<T> {
        let index = self.find(serial)?;
        let removed = self.places.get_mut(index)?.1.take()?;
        self.occupied -= 1;
        while self.places.front().is_some_and(|(_, item)| item.is_none()) {
            self.places.pop_front();
            self.sent = self.sent.saturating_sub(1);
        }
        if self.places.len() > 2 * self.occupied + SPARE {
            self.sent = self.in_flight();
            let mut places = std::mem::take(&mut self.places);
            while let Some(place) = places.pop_front() {
                if place.1.is_some() {
                    self.places.push_back(place);
                }
            }
        }
        self.skip_vacant();
        Some(removed)
    }

    /// Restores the invariant of the queue.
    fn skip_vacant(&mut self) {
        while self
            .places
            .get(self.sent)
            .is_some_and(|(_, item)| item.is_none())
        {
            self.sent += 1;
        }
    }

    fn find(&self, serial: u64) -> Option<usize> {
        // Its place if no serial was skipped and no vacant place between was removed.
        let (first, _) = self.places.front()?;
        let likely = serial.checked_sub(*first)? as usize;
        if self.at(likely).is_some_and(|(found, _)| found == serial) {
            return Some(likely);
        }
        self.places
            .binary_search_by_key(&serial, |(serial, _)| *serial)
            .ok()
    }

    fn at(&self, index: usize) -> Option<(u64, &T)> {
        let (serial, item) = self.places.get(index)?;
        Some((*serial, item.as_ref()?))
    }
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::Places;

    fn places_of(items: u64) -> Places<u64> {
        let mut places = Places::new();
        (0..items).for_each(|serial| places.push(serial, serial));
        places
    }

    fn addresses(places: &Places<u64>) -> impl Iterator<Item = (u64, *const u64)> {
        let items = places.iter();
        items.map(|(_, serial, item)| (serial, std::ptr::from_ref(item)))
    }

    /// Moves of other items for each item that is replaced, among this many.
    fn moves_among(items: u64) -> usize {
        let mut places = places_of(items);
        let replacements = 4 * items;
        let mut moves = 0;
        for serial in items..items + replacements {
            let mut others: Vec<_> = addresses(&places).collect();
            // Any one of them.
            let (replaced, _) = others.remove((serial * 7919 % items) as usize);
            assert_eq!(places.remove(replaced), Some(replaced));
            places.push(serial, serial);
            let pairs = others.iter().zip(addresses(&places));
            moves += pairs.filter(|(before, after)| *before != after).count();
        }
        assert_eq!(places.len() as u64, items);
        moves / replacements as usize
    }

    #[test]
    fn replacing_an_item_moves_few_others_however_many_there_are() {
        for items in [10, 100, 1000] {
            let moves = moves_among(items);
            assert!(moves <= 2, "{moves} moves among {items} items");
        }
    }

    #[test]
    fn removed_items_leave_no_places_for_ever() {
        let mut places = places_of(1000);
        for serial in 1..1000 {
            places.remove(serial);
        }
        assert_eq!(places.len(), 1);
        assert!(places.places.len() < 20, "{} places", places.places.len());
    }

    /// A list that moves its items.
    #[derive(Default)]
    struct Plain {
        in_flight: Vec<u64>,
        queued: Vec<u64>,
    }

    impl Plain {
        fn check(&self, places: &Places<u64>) {
            let Self { in_flight, queued } = self;
            let sent = in_flight.iter().map(|serial| (true, *serial, serial));
            let all: Vec<_> = sent.chain(queued.iter().map(|s| (false, *s, s))).collect();
            assert_eq!(places.iter().collect::<Vec<_>>(), all);
            assert_eq!(places.len(), all.len());
            assert_eq!(places.in_flight(), in_flight.len());
            let item = |serial| (serial, serial);
            let known = |found: Option<(u64, &u64)>| found.map(|(serial, item)| (serial, *item));
            assert_eq!(
                known(places.first_in_flight()),
                in_flight.first().copied().map(item)
            );
            assert_eq!(
                known(places.first_queued()),
                queued.first().copied().map(item)
            );
            assert_eq!(
                known(places.first()),
                all.first().map(|first| item(first.1))
            );
            assert!(
                queued
                    .iter()
                    .all(|serial| places.queued(*serial) == Some(serial))
            );
            assert!(
                in_flight
                    .iter()
                    .all(|serial| places.queued(*serial).is_none())
            );
        }
    }

    #[test]
    fn places_are_a_list_in_two_parts() {
        for seed in 0..100 {
            let mut rng = Rng::with_seed(seed);
            let (mut places, mut plain) = (Places::new(), Plain::default());
            // More removals in some runs than in others.
            let removals = 3 + seed % 4;
            for serial in 1..400 {
                match rng.u64(0..4 + removals) {
                    0..3 => {
                        places.push(serial, serial);
                        plain.queued.push(serial);
                    }
                    3 if rng.u8(0..8) == 0 => {
                        places.requeue();
                        plain.queued.splice(0..0, plain.in_flight.drain(..));
                    }
                    3 => {
                        let first = (!plain.queued.is_empty()).then(|| plain.queued.remove(0));
                        plain.in_flight.extend(first);
                        assert_eq!(places.depart().map(|(serial, _)| serial), first);
                    }
                    _ => {
                        let any = rng.u64(0..serial);
                        let length = places.len();
                        plain.in_flight.retain(|each| *each != any);
                        plain.queued.retain(|each| *each != any);
                        let left = plain.in_flight.len() + plain.queued.len();
                        assert_eq!(places.remove(any), (left < length).then_some(any));
                    }
                }
                plain.check(&places);
            }
        }
    }
}

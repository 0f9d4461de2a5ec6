//! Arrivals of a broadcast, counted for all TPAs together.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use memchr::memmem;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{FRAME_BYTES, STREAM};

/// Largest number of frames in flight.
const RING: u64 = 4_096;

/// Concurrent broadcasts. Frames are in order within a lane only.
pub(crate) const LANES: usize = 4;

/// Text before a frame's number.
const MARK: &str = "\"text\":\"frame ";

/// Digits of a frame's number.
const DIGITS: usize = 10;

/// Counters for a broadcast.
#[derive(Debug)]
pub struct Board {
    crowd: usize,
    /// Arrivals by frame number.
    arrived: Box<[AtomicUsize]>,
    /// Sent frames by lane.
    sent: [AtomicU64; LANES],
    /// Frames that have arrived at every TPA.
    complete: watch::Sender<u64>,
    /// Number of TPAs by number of pings.
    pinged: watch::Sender<Vec<usize>>,
    /// Send times, and times until the last arrival.
    times: Mutex<Times>,
}

#[derive(Debug)]
struct Times {
    sent: Box<[Instant]>,
    taken: Vec<Duration>,
}

impl Board {
    pub(crate) fn new(crowd: usize) -> Self {
        Self {
            crowd,
            arrived: (0..RING).map(|_| AtomicUsize::new(0)).collect(),
            sent: Default::default(),
            complete: watch::Sender::new(0),
            pinged: watch::Sender::new(Vec::new()),
            times: Mutex::new(Times {
                sent: vec![Instant::now(); RING as usize].into(),
                taken: Vec::new(),
            }),
        }
    }

    /// Returns the body of the next `POST /frames`.
    pub(crate) fn next(&self, lane: usize) -> Value {
        let nth = self.sent[lane].fetch_add(1, Ordering::Relaxed);
        let number = nth * LANES as u64 + lane as u64;
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        times.sent[(number % RING) as usize] = Instant::now();
        let filler = "and so the speaker went on, word by word ".repeat(4);
        let mut data = json!({
            "type": "transcription",
            "text": format!("frame {number:0DIGITS$} {filler}"),
            "isFinal": false,
            "transcribeLanguage": "en-US",
            "startTime": 1_000,
            "endTime": 2_000,
            "speakerId": "1",
            "duration": 1_000,
        });
        // The length of the frame without the fields that the server adds.
        let around = json!({
            "type": "data_stream",
            "sessionId": "user00000-org.example.load",
            "streamType": STREAM,
            "data": data,
            "timestamp": "2026-01-01T00:00:00.000Z",
        });
        let too_long = around.to_string().len().saturating_sub(FRAME_BYTES);
        if let Value::String(text) = &mut data["text"] {
            text.truncate(text.len() - too_long);
        }
        json!({"stream": STREAM, "data": data})
    }

    /// Records the arrival of a frame at a TPA with these counts by lane. Returns false if it is
    /// not the next frame of its lane, or not complete.
    pub(crate) fn arrived(&self, frame: &[u8], had: &mut [u64; LANES]) -> bool {
        let Some(number) = number(frame) else {
            return false;
        };
        let had = &mut had[(number % LANES as u64) as usize];
        if number / LANES as u64 != *had || frame.len() != FRAME_BYTES {
            return false;
        }
        *had += 1;
        let at = (number % RING) as usize;
        let arrived = &self.arrived[at];
        if arrived.fetch_add(1, Ordering::Relaxed) + 1 == self.crowd {
            arrived.store(0, Ordering::Relaxed);
            let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = times.sent[at].elapsed();
            times.taken.push(taken);
            self.complete.send_modify(|complete| *complete += 1);
        }
        true
    }

    /// Records the `nth` ping of a TPA.
    pub(crate) fn pinged(&self, times: usize) {
        self.pinged.send_if_modified(|pinged| {
            pinged.resize(pinged.len().max(times + 1), 0);
            pinged[times] += 1;
            pinged[times] == self.crowd
        });
    }

    /// Waits until every TPA has received this number of pings.
    pub async fn until_pinged(&self, times: usize) {
        let everybody = |pinged: &Vec<usize>| pinged.get(times) == Some(&self.crowd);
        // `self` holds the sender, so there is no error.
        let _ = self.pinged.subscribe().wait_for(everybody).await;
    }

    /// Returns the number of sent frames.
    pub fn sent(&self) -> u64 {
        let lanes = self.sent.iter();
        lanes.map(|sent| sent.load(Ordering::Relaxed)).sum()
    }

    /// Returns the number of frames that have arrived at every TPA.
    pub fn complete(&self) -> u64 {
        *self.complete.borrow()
    }

    /// Waits until at most `window` frames are in flight.
    pub(crate) async fn until_under_way(&self, most: u64) {
        let enough = self.sent().saturating_sub(most);
        let mut complete = self.complete.subscribe();
        // `self` holds the sender, so there is no error.
        let _ = complete.wait_for(|complete| *complete >= enough).await;
    }

    /// Returns the times until the last arrival of each frame since the previous call.
    pub fn take_times(&self) -> Vec<Duration> {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut times.taken)
    }
}

fn number(frame: &[u8]) -> Option<u64> {
    let start = memmem::find(frame, MARK.as_bytes())? + MARK.len();
    let digits = frame.get(start..start + DIGITS)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frame that a server creates from the request's body.
    fn frame(body: &Value) -> Vec<u8> {
        let frame = json!({
            "type": "data_stream",
            "sessionId": "user00007-org.example.load",
            "streamType": body["stream"],
            "data": body["data"],
            "timestamp": "2026-02-03T04:05:06.789Z",
        });
        frame.to_string().into_bytes()
    }

    #[test]
    fn a_frame_is_counted_when_everybody_has_it() {
        let board = Board::new(2);
        let (first, second) = (frame(&board.next(0)), frame(&board.next(0)));
        assert_eq!(first.len(), FRAME_BYTES);
        let (mut one, mut other) = ([0; LANES], [0; LANES]);
        assert!(board.arrived(&first, &mut one) && board.arrived(&second, &mut one));
        assert_eq!(board.complete(), 0);
        assert!(board.arrived(&first, &mut other));
        assert_eq!((board.sent(), board.complete()), (2, 1));
        assert_eq!(board.take_times().len(), 1);
    }

    #[test]
    fn what_is_lost_or_twice_or_changed_is_seen() {
        let board = Board::new(1);
        let (first, second) = (frame(&board.next(1)), frame(&board.next(1)));
        let mut had = [0; LANES];
        assert!(!board.arrived(&second, &mut had));
        assert!(board.arrived(&first, &mut had));
        assert!(!board.arrived(&first, &mut had));
        assert!(!board.arrived(&second[..second.len() - 1], &mut had));
        assert!(board.arrived(&second, &mut had));
        assert_eq!(had, [0, 2, 0, 0]);
    }
}

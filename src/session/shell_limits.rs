//! Limits that a shell keeps by itself, because a call into the session at each frame would cost
//! more than the frame.

/// Most characters of a text from outside that the shell passes on. A text of this length may have
/// been cut, and the key in it too.
pub const MAX_TEXT: usize = 4096;

/// Cost of the messages of all sockets after which a shell checks whether the rest of the process
/// has had a turn. A text costs its length, since it is parsed, and [`TURN_OF_MESSAGE`]; audio costs
/// [`TURN_OF_AUDIO`], whatever its length. A text which is not the data of a stream costs
/// [`TURN_OF_CONTROL`] more. Usual data of this cost takes about 0.5 ms of processor time, deeply
/// nested arrays 15 ms.
pub const TURN: u32 = 128 * 1024;
/// Time in ms for which messages may keep the rest of the process waiting before their sockets rest
/// until it has had a turn.
pub const LONGEST_TURN: u32 = 5;
/// Cost of a text in addition to its length.
pub const TURN_OF_MESSAGE: u32 = 64;
/// Cost of a text that the session reads, which takes ten times as long as the data of a stream.
pub const TURN_OF_CONTROL: u32 = 4000;
/// Cost of a binary message.
pub const TURN_OF_AUDIO: u32 = 64;

/// Most values of a text: a list of empty objects takes twenty times the memory of its text.
pub const MOST_VALUES: u32 = 100_000;
/// Length of a text from which its values are counted.
pub const LONG_TEXT: u32 = 256 * 1024;

/// Frames of a silent connection that are reported at once. They tell a cloud that sends much from
/// one that sends something now and then.
pub const MOST_REPORTED: u32 = 3;

//! tpa-session

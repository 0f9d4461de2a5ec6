//! Resource usage of a process.

use std::io;
use std::time::Duration;

/// CPU time and memory of a process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// User and system time of all threads.
    pub cpu: Duration,
    /// Resident memory, in bytes.
    pub memory: u64,
}

#[cfg(target_os = "linux")]
impl Usage {
    /// Reads `stat` and `status` of the process in `/proc`.
    pub fn of(pid: u32) -> io::Result<Self> {
        let read = || {
            let process = procfs::process::Process::new(pid.cast_signed())?;
            let stat = process.stat()?;
            let ticks = stat.utime + stat.stime;
            let cpu = ticks as f64 / procfs::ticks_per_second() as f64;
            Ok(Self {
                cpu: Duration::from_secs_f64(cpu),
                memory: process.status()?.vmrss.unwrap_or_default() * 1024,
            })
        };
        read().map_err(|error: procfs::ProcError| io::Error::other(error))
    }
}

#[cfg(not(target_os = "linux"))]
impl Usage {
    /// Not available without `/proc`.
    pub fn of(_: u32) -> io::Result<Self> {
        let why = "CPU and memory are read from /proc, which this system does not have";
        Err(io::Error::new(io::ErrorKind::Unsupported, why))
    }
}

/// Returns the name of the processor, if known.
#[cfg(target_os = "linux")]
pub fn cpu_model() -> String {
    use procfs::Current;
    let info = procfs::CpuInfo::current().ok();
    let model = info.as_ref().and_then(|info| info.model_name(0));
    model.unwrap_or(std::env::consts::ARCH).to_owned()
}

/// Returns the architecture.
#[cfg(not(target_os = "linux"))]
pub fn cpu_model() -> String {
    std::env::consts::ARCH.to_owned()
}

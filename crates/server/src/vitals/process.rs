use std::fs;

/// Looks at this process where the system shows it (Linux), under the names that Prometheus' own clients use.
pub(super) fn observe() {
    if let Some(bytes) = fs::read_to_string("/proc/self/status").ok().as_deref().and_then(resident_bytes) {
        metrics::gauge!("process_resident_memory_bytes").set(bytes);
    }
    if let Some(open) = fs::read_dir("/proc/self/fd").ok().and_then(|open| u32::try_from(open.count()).ok()) {
        metrics::gauge!("process_open_fds").set(open);
    }
    if let Some(most) = fs::read_to_string("/proc/self/limits").ok().as_deref().and_then(most_open_files) {
        metrics::gauge!("process_max_fds").set(most);
    }
}

/// `VmRSS:     20480 kB`
fn resident_bytes(status: &str) -> Option<f64> {
    let kib: u32 =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(f64::from(kib) * 1024.0)
}

/// `Max open files            1024                 1048576              files`: the first is the one that holds.
fn most_open_files(limits: &str) -> Option<f64> {
    let soft = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?.split_whitespace().next()?;
    soft.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_shows_is_read() {
        assert_eq!(resident_bytes("Name:\tmuster\nVmRSS:\t   20480 kB\nThreads:\t9\n"), Some(20_971_520.0));
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max open files            1024                 1048576              files     \n";
        assert_eq!(most_open_files(limits), Some(1024.0));
        assert_eq!(resident_bytes("Name:\tmuster\n"), None);
        // No limit at all is no number to set off alarms by.
        assert_eq!(
            most_open_files("Max open files            unlimited            unlimited            files\n"),
            None
        );
    }
}

use muster_notify::{Gate, Policy, ProviderState};

/// The push services of browsers' vendors: how operators know each, and its host, or with a dot before it what its
/// hosts end with. Names are whole where they can be: a user could register another host of the vendor's, that is no
/// push service, to make the service look down.
const SERVICES: [(&str, &str); 4] = [
    ("web-push-google", "fcm.googleapis.com"),
    ("web-push-mozilla", "updates.push.services.mozilla.com"),
    ("web-push-apple", "web.push.apple.com"),
    ("web-push-microsoft", ".notify.windows.com"),
];

/// The ways to push services. An endpoint comes from a user, so a host that nobody vouches for shares its gate with its
/// like alone: when it fails or hangs, every known service is reached all the same.
pub(super) struct Gates {
    services: Vec<(&'static str, Gate)>,
    others: Gate,
}

impl Gates {
    /// One for each known service, and one for all other hosts.
    pub(super) fn by_service(policy: Policy) -> Self {
        let services = SERVICES.map(|(provider, host)| (host, Gate::new(provider, policy)));
        Self { services: services.into(), others: Gate::new("web-push-other", policy) }
    }

    /// The one to a gateway, which all goes through.
    pub(super) fn of_gateway(policy: Policy) -> Self {
        Self { services: Vec::new(), others: Gate::new("web-push", policy) }
    }

    /// The one that leads to a host.
    pub(super) fn to(&self, host: &str) -> &Gate {
        let service = self.services.iter().find(|(service, _)| is_of(service, host));
        service.map_or(&self.others, |(_, gate)| gate)
    }

    pub(super) fn states(&self) -> Vec<ProviderState> {
        self.services.iter().map(|(_, gate)| gate).chain([&self.others]).map(Gate::state).collect()
    }
}

/// Whether a vendor gave that name, and no user: when it is not found, it is not the name that is wrong.
pub(super) fn is_known(host: &str) -> bool {
    SERVICES.iter().any(|(_, service)| *service == host)
}

fn is_of(service: &str, host: &str) -> bool {
    host == service || (service.starts_with('.') && host.ends_with(service))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("fcm.googleapis.com", "web-push-google")]
    #[case("updates.push.services.mozilla.com", "web-push-mozilla")]
    #[case("web.push.apple.com", "web-push-apple")]
    #[case("wns2-par02p.notify.windows.com", "web-push-microsoft")]
    #[case("storage.googleapis.com", "web-push-other")]
    #[case("1-courier.push.apple.com", "web-push-other")]
    #[case("fcm.googleapis.com.example", "web-push-other")]
    #[case("xfcm.googleapis.com", "web-push-other")]
    #[case("notify.windows.com", "web-push-other")]
    #[case("xnotify.windows.com", "web-push-other")]
    #[case("notify.windows.com.example", "web-push-other")]
    #[case("push.example", "web-push-other")]
    fn a_host_has_the_gate_of_its_service_or_that_of_strangers(#[case] host: &str, #[case] provider: &str) {
        assert_eq!(Gates::by_service(Policy::default()).to(host).state().provider, provider);
        assert_eq!(Gates::of_gateway(Policy::default()).to(host).state().provider, "web-push");
    }
}

/// The tests of one area, where it belongs to the port that is asked for; `all` asks for every one.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_area {
    (@known all) => {};
    (@known profiles) => {};
    (@known users) => {};
    (@known identities) => {};
    (@known teams) => {};
    (@known preferences) => {};
    (@known verification) => {};
    (@known devices) => {};
    (@known sessions) => {};
    (@known directory) => {};
    (@known delivered) => {};
    (@known notices) => {};
    (@known break_glass) => {};
    (@known api_keys) => {};
    (@known audit) => {};
    (@known chain) => {};
    (@known housekeeping) => {};
    (@known key_rotation) => {};
    (@known readiness) => {};
    (@known $port:ident) => {
        compile_error!(concat!("no cases of a port `", stringify!($port), "`: name a field of muster_testkit::Stores"));
    };
    (all $area:ident $make:ident { $($case:ident;)* }) => {
        mod $area {
            use super::super::$make;

            $(
                #[test]
                fn $case() {
                    $crate::contract::run($make(), $crate::contract::$area::$case);
                }
            )*
        }
    };
    (profiles profiles $make:ident $cases:tt) => { $crate::contract_area! { all profiles $make $cases } };
    (users users $make:ident $cases:tt) => { $crate::contract_area! { all users $make $cases } };
    (users user_lists $make:ident $cases:tt) => { $crate::contract_area! { all user_lists $make $cases } };
    (identities identities $make:ident $cases:tt) => { $crate::contract_area! { all identities $make $cases } };
    (identities identities_merged $make:ident $cases:tt) => { $crate::contract_area! { all identities_merged $make $cases } };
    (identities identities_races $make:ident $cases:tt) => { $crate::contract_area! { all identities_races $make $cases } };
    (teams teams $make:ident $cases:tt) => { $crate::contract_area! { all teams $make $cases } };
    (preferences preferences $make:ident $cases:tt) => { $crate::contract_area! { all preferences $make $cases } };
    (verification verification $make:ident $cases:tt) => { $crate::contract_area! { all verification $make $cases } };
    (verification verification_proofs $make:ident $cases:tt) => { $crate::contract_area! { all verification_proofs $make $cases } };
    (verification verification_quotas $make:ident $cases:tt) => { $crate::contract_area! { all verification_quotas $make $cases } };
    (verification verification_refusals $make:ident $cases:tt) => { $crate::contract_area! { all verification_refusals $make $cases } };
    (devices devices $make:ident $cases:tt) => { $crate::contract_area! { all devices $make $cases } };
    (sessions sessions $make:ident $cases:tt) => { $crate::contract_area! { all sessions $make $cases } };
    (sessions sessions_rotation $make:ident $cases:tt) => { $crate::contract_area! { all sessions_rotation $make $cases } };
    (sessions session_endings $make:ident $cases:tt) => { $crate::contract_area! { all session_endings $make $cases } };
    (sessions session_limits $make:ident $cases:tt) => { $crate::contract_area! { all session_limits $make $cases } };
    (directory directory $make:ident $cases:tt) => { $crate::contract_area! { all directory $make $cases } };
    (directory directory_conditions $make:ident $cases:tt) => { $crate::contract_area! { all directory_conditions $make $cases } };
    (directory directory_groups $make:ident $cases:tt) => { $crate::contract_area! { all directory_groups $make $cases } };
    (directory directory_removal $make:ident $cases:tt) => { $crate::contract_area! { all directory_removal $make $cases } };
    (directory brakes $make:ident $cases:tt) => { $crate::contract_area! { all brakes $make $cases } };
    (delivered directory_reader $make:ident $cases:tt) => { $crate::contract_area! { all directory_reader $make $cases } };
    (delivered directory_group_reads $make:ident $cases:tt) => { $crate::contract_area! { all directory_group_reads $make $cases } };
    (delivered directory_positions $make:ident $cases:tt) => { $crate::contract_area! { all directory_positions $make $cases } };
    (delivered directory_order $make:ident $cases:tt) => { $crate::contract_area! { all directory_order $make $cases } };
    (notices notices $make:ident $cases:tt) => { $crate::contract_area! { all notices $make $cases } };
    (break_glass break_glass $make:ident $cases:tt) => { $crate::contract_area! { all break_glass $make $cases } };
    (break_glass sign_in_attempts $make:ident $cases:tt) => { $crate::contract_area! { all sign_in_attempts $make $cases } };
    (break_glass sign_in_refusals $make:ident $cases:tt) => { $crate::contract_area! { all sign_in_refusals $make $cases } };
    (api_keys api_keys $make:ident $cases:tt) => { $crate::contract_area! { all api_keys $make $cases } };
    (audit audit $make:ident $cases:tt) => { $crate::contract_area! { all audit $make $cases } };
    (chain audit_chain $make:ident $cases:tt) => { $crate::contract_area! { all audit_chain $make $cases } };
    (chain audit_chain_races $make:ident $cases:tt) => { $crate::contract_area! { all audit_chain_races $make $cases } };
    (housekeeping housekeeping $make:ident $cases:tt) => { $crate::contract_area! { all housekeeping $make $cases } };
    (housekeeping housekeeping_devices $make:ident $cases:tt) => { $crate::contract_area! { all housekeeping_devices $make $cases } };
    (housekeeping housekeeping_races $make:ident $cases:tt) => { $crate::contract_area! { all housekeeping_races $make $cases } };
    (key_rotation key_rotation $make:ident $cases:tt) => { $crate::contract_area! { all key_rotation $make $cases } };
    (readiness census $make:ident $cases:tt) => { $crate::contract_area! { all census $make $cases } };
    // Another port's.
    ($port:ident $area:ident $make:ident $cases:tt) => {};
}

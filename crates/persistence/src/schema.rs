//! The tables of `migrations/`, the same on both engines.

diesel::table! {
    use crate::types::{Id, Instant};
    use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text};

    users (id) {
        id -> Id,
        external_id -> Nullable<Text>,
        user_name -> Text,
        user_name_key -> Text,
        display_name -> Text,
        given_name -> Nullable<Text>,
        family_name -> Nullable<Text>,
        email -> Nullable<Text>,
        email_key -> Nullable<Text>,
        phone -> Nullable<Text>,
        email_fingerprint -> Nullable<Binary>,
        phone_fingerprint -> Nullable<Binary>,
        email_fingerprint_key -> Nullable<Integer>,
        phone_fingerprint_key -> Nullable<Integer>,
        time_zone -> Nullable<Text>,
        locale -> Nullable<Text>,
        role -> Text,
        active -> Bool,
        source -> Text,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        search_key -> Text,
        removed_at -> Nullable<Instant>,
        former_external_id -> Nullable<Text>,
        former_user_name_key -> Nullable<Text>,
        reach -> SmallInt,
        push_lost_reason -> Nullable<Text>,
        push_lost_at -> Nullable<Instant>,
        signed_in_first -> Bool,
        email_given -> Nullable<Text>,
        phone_given -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::types::{Id, Instant};
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    teams (id) {
        id -> Id,
        name -> Text,
        name_key -> Text,
        active -> Bool,
        synced_from_directory -> Bool,
        created_at -> Instant,
        external_id -> Nullable<Text>,
        version -> BigInt,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::types::Id;
    use diesel::sql_types::Text;

    team_members (team_id, user_id) {
        team_id -> Id,
        user_id -> Id,
        role -> Text,
    }
}

diesel::table! {
    use crate::types::Id;
    use diesel::sql_types::{BigInt, Text};

    preferences (user_id) {
        user_id -> Id,
        version -> BigInt,
        document -> Text,
    }
}

diesel::table! {
    use crate::types::{Id, Instant};
    use diesel::sql_types::{Binary, Integer, Nullable, Text};

    devices (id) {
        id -> Id,
        user_id -> Id,
        platform -> Text,
        token -> Text,
        token_fingerprint -> Binary,
        token_fingerprint_key -> Nullable<Integer>,
        name -> Nullable<Text>,
        app_version -> Nullable<Text>,
        verified_at -> Nullable<Instant>,
        created_at -> Instant,
        last_seen_at -> Instant,
        session_id -> Nullable<Id>,
    }
}

diesel::table! {
    use crate::types::{Id, Instant};
    use diesel::sql_types::{Binary, Integer, Nullable, SmallInt, Text};

    challenges (user_id, method) {
        user_id -> Id,
        method -> Text,
        id -> Id,
        device_id -> Nullable<Id>,
        destination -> Text,
        fingerprint -> Binary,
        code_hash -> Binary,
        opened_at -> Instant,
        resend_after -> Instant,
        streak -> Integer,
        expires_at -> Instant,
        failed_attempts -> SmallInt,
        completed_at -> Nullable<Instant>,
        cancelled_at -> Nullable<Instant>,
        delivery -> Nullable<Text>,
        fingerprint_key -> Nullable<Integer>,
        code_key -> Nullable<Integer>,
    }
}

diesel::table! {
    use crate::types::Instant;
    use diesel::sql_types::{BigInt, Binary, Text};

    send_counts (scope, scope_key, quota_window) {
        scope -> Text,
        scope_key -> Binary,
        quota_window -> Text,
        began_at -> Instant,
        used -> BigInt,
    }
}

diesel::table! {
    use crate::types::{Id, Instant};
    use diesel::sql_types::Text;

    send_refusals (user_id, method, reason) {
        user_id -> Id,
        method -> Text,
        reason -> Text,
        recorded_at -> Instant,
    }
}

diesel::table! {
    use crate::types::{Id, Instant};
    use diesel::sql_types::{Binary, Integer, Nullable, Text};

    proofs (user_id, method) {
        user_id -> Id,
        method -> Text,
        fingerprint -> Binary,
        verified_at -> Instant,
        fingerprint_key -> Nullable<Integer>,
    }
}

diesel::table! {
    use crate::types::{Id, Instant};
    use diesel::sql_types::{Nullable, Text};

    sessions (id) {
        id -> Id,
        user_id -> Id,
        device_name -> Nullable<Text>,
        device_id -> Nullable<Id>,
        created_at -> Instant,
        last_used_at -> Instant,
        expires_at -> Instant,
        revoked_at -> Nullable<Instant>,
        revoke_reason -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::types::{Id, Instant};
    use diesel::sql_types::{Binary, Integer, Nullable};

    refresh_tokens (hash) {
        hash -> Binary,
        session_id -> Id,
        parent -> Nullable<Binary>,
        salt -> Binary,
        superseded_at -> Nullable<Instant>,
        created_at -> Instant,
        successor_key -> Nullable<Integer>,
    }
}

diesel::table! {
    use crate::types::{Id, Instant};
    use diesel::sql_types::{Binary, Nullable, Text};

    api_keys (id) {
        id -> Id,
        hash -> Binary,
        name -> Text,
        prefix -> Text,
        scopes -> Text,
        created_at -> Instant,
        expires_at -> Nullable<Instant>,
        revoked_at -> Nullable<Instant>,
        last_used_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use crate::types::{Id, Instant};
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};

    audit_events (id) {
        id -> Id,
        at -> Instant,
        action -> Text,
        actor_type -> Text,
        actor_id -> Nullable<Id>,
        actor_name -> Nullable<Text>,
        subject -> Nullable<Id>,
        details -> Text,
        ip -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        request_id -> Nullable<Text>,
        position -> Nullable<BigInt>,
        seal -> Nullable<Binary>,
        seal_key -> Nullable<Integer>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Text};

    audit_chain (mark) {
        mark -> Text,
        position -> BigInt,
        seal -> Binary,
        mac -> Binary,
    }
}

diesel::table! {
    use crate::types::Instant;
    use diesel::sql_types::{Nullable, Text};

    directory_brakes (client) {
        client -> Text,
        released_at -> Nullable<Instant>,
        engaged_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use crate::types::{Id, Instant};
    use diesel::sql_types::{Bool, Text};

    directory_deactivations (client, user_id, refused) {
        client -> Text,
        user_id -> Id,
        refused -> Bool,
        at -> Instant,
    }
}

diesel::table! {
    use crate::types::{Id, Instant};
    use diesel::sql_types::{Integer, Text};

    notices (id) {
        id -> Id,
        user_id -> Id,
        channel -> Text,
        content -> Text,
        created_at -> Instant,
        due_at -> Instant,
        attempts -> Integer,
    }
}

diesel::table! {
    use crate::types::{Id, Instant};
    use diesel::sql_types::{BigInt, Nullable, Text};

    break_glass_accounts (user_id) {
        user_id -> Id,
        name -> Text,
        name_key -> Text,
        password_hash -> Text,
        created_at -> Instant,
        revoked_at -> Nullable<Instant>,
        last_used_at -> Nullable<Instant>,
        password_tag -> Nullable<BigInt>,
    }
}

diesel::table! {
    use crate::types::Instant;
    use diesel::sql_types::{BigInt, Binary, Text};

    sign_in_attempts (scope, scope_key) {
        scope -> Text,
        scope_key -> Binary,
        began_at -> Instant,
        used -> BigInt,
    }
}

diesel::table! {
    use crate::types::{Id, Instant};
    use diesel::sql_types::Text;

    identities (subject, issuer) {
        subject -> Text,
        issuer -> Text,
        user_id -> Id,
        bound_at -> Instant,
    }
}

diesel::table! {
    use crate::types::{Id, Instant};
    use diesel::sql_types::Text;

    known_names (name_key, kind, user_id) {
        name_key -> Text,
        kind -> Text,
        user_id -> Id,
        at -> Instant,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    users,
    teams,
    team_members,
    preferences,
    devices,
    challenges,
    proofs,
    sessions,
    refresh_tokens,
    audit_events,
    directory_brakes,
    directory_deactivations,
    notices,
    break_glass_accounts,
    identities,
    known_names
);

//! Stores that find other people than the directory asks for.

use async_trait::async_trait;
use muster_domain::directory::{
    Comparison, Condition, DirectoryQuery, DirectoryReader, Found, Operand, Order, UserAttribute,
};
use muster_domain::user::User;
use muster_domain::{StoreError, UserId};

use crate::breakable::{Delivered, over_memory};
use crate::{breaking, caught};

over_memory! {
    /// Takes a per cent sign for any text.
    Wildcards;
    /// Compares without case what has one.
    CaseBlind;
    /// Says of an absent attribute neither that it is so nor that it is not, as SQL does.
    ThreeValued;
    /// Sorts those who have no external id before those who have one.
    AbsentFirst;
    /// Counts what is on the page.
    CountsThePage;
    /// Counts first and reads then.
    CountsBefore;
    /// Finds nobody beyond an id.
    OrdersNoIds;
    /// Knows whoever is asked for.
    KnowsEverybody;
}

/// A query with each comparison of its condition changed.
fn changed(
    query: &DirectoryQuery<UserAttribute>,
    change: fn(Condition<UserAttribute>) -> Condition<UserAttribute>,
) -> DirectoryQuery<UserAttribute> {
    DirectoryQuery { filter: query.filter.clone().map(|filter| walk(filter, change)), ..query.clone() }
}

fn walk(
    condition: Condition<UserAttribute>,
    change: fn(Condition<UserAttribute>) -> Condition<UserAttribute>,
) -> Condition<UserAttribute> {
    let all = |conditions: Vec<_>| conditions.into_iter().map(|condition| walk(condition, change)).collect();
    match change(condition) {
        Condition::All(conditions) => Condition::All(all(conditions)),
        Condition::Any(conditions) => Condition::Any(all(conditions)),
        other => other,
    }
}

#[async_trait]
impl Delivered for Wildcards {
    async fn users(&self, query: &DirectoryQuery<UserAttribute>) -> Result<Found<User>, StoreError> {
        let query = changed(query, |condition| match condition {
            Condition::Compare(attribute, Comparison::Contains, Operand::Text(text)) => {
                Condition::Compare(attribute, Comparison::Contains, Operand::Text(text.replace('%', "")))
            }
            other => other,
        });
        self.0.users(&query).await
    }
}

#[async_trait]
impl Delivered for CaseBlind {
    async fn users(&self, query: &DirectoryQuery<UserAttribute>) -> Result<Found<User>, StoreError> {
        let mut query = query.clone();
        if let Some(Condition::Compare(attribute, Comparison::Equal, Operand::Text(text))) = query.filter {
            let equal = |text| Condition::Compare(attribute, Comparison::Equal, Operand::Text(text));
            query.filter = Some(Condition::Any(vec![equal(text.to_lowercase()), equal(text)]));
        }
        self.0.users(&query).await
    }
}

#[async_trait]
impl Delivered for ThreeValued {
    async fn users(&self, query: &DirectoryQuery<UserAttribute>) -> Result<Found<User>, StoreError> {
        let mut query = query.clone();
        if let Some(Condition::Not(not)) = &query.filter
            && let Condition::Compare(attribute, ..) = **not
        {
            let not = Condition::Not(not.clone());
            query.filter = Some(Condition::All(vec![not, Condition::Present(attribute)]));
        }
        self.0.users(&query).await
    }
}

#[async_trait]
impl Delivered for AbsentFirst {
    async fn users(&self, query: &DirectoryQuery<UserAttribute>) -> Result<Found<User>, StoreError> {
        let mut found = self.0.users(query).await?;
        if query.sort == Some((UserAttribute::ExternalId, Order::Ascending)) {
            found.items.sort_by_key(|user| user.external_id.is_some());
        }
        Ok(found)
    }
}

#[async_trait]
impl Delivered for CountsThePage {
    async fn users(&self, query: &DirectoryQuery<UserAttribute>) -> Result<Found<User>, StoreError> {
        let items = self.0.users(query).await?.items;
        Ok(Found { total: items.len() as u64, items })
    }
}

#[async_trait]
impl Delivered for CountsBefore {
    async fn users(&self, query: &DirectoryQuery<UserAttribute>) -> Result<Found<User>, StoreError> {
        let total = self.0.users(query).await?.total;
        // Until somebody else has written, or nobody writes any more.
        for _ in 0..30 {
            tokio::task::yield_now().await;
            if self.0.users(query).await?.total > total {
                break;
            }
        }
        Ok(Found { total, items: self.0.users(query).await?.items })
    }
}

#[async_trait]
impl Delivered for OrdersNoIds {
    async fn users(&self, query: &DirectoryQuery<UserAttribute>) -> Result<Found<User>, StoreError> {
        let query = changed(query, |condition| match condition {
            Condition::Compare(UserAttribute::Id, Comparison::Greater | Comparison::Less, _) => Condition::Any(vec![]),
            other => other,
        });
        self.0.users(&query).await
    }
}

#[async_trait]
impl Delivered for KnowsEverybody {
    async fn known_among(&self, people: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        Ok(people.to_vec())
    }
}

#[test]
fn a_wildcard_in_a_text_is_caught() {
    caught!(
        breaking!(delivered, Wildcards),
        directory_conditions::a_text_compares_byte_by_byte_and_means_nothing_but_itself,
        "ExternalId Contains \"100%\""
    );
}

#[test]
fn a_text_that_compares_without_case_is_caught() {
    caught!(
        breaking!(delivered, CaseBlind),
        directory_conditions::a_text_compares_byte_by_byte_and_means_nothing_but_itself,
        "ExternalId Equal \"Ada\""
    );
}

#[test]
fn an_absent_attribute_that_is_neither_so_nor_not_so_is_caught() {
    caught!(
        breaking!(delivered, ThreeValued),
        directory_conditions::an_absent_attribute_compares_as_false,
        "nothing is neither so nor not so"
    );
    caught!(
        breaking!(delivered, ThreeValued),
        directory_conditions::not_is_the_exact_opposite,
        "and its opposite are not everybody once"
    );
}

#[test]
fn who_has_no_value_and_comes_first_is_caught() {
    caught!(
        breaking!(delivered, AbsentFirst),
        directory_order::people_are_sorted_by_an_attribute_and_then_by_id_and_who_has_none_comes_last,
        "by ExternalId"
    );
}

#[test]
fn a_total_that_is_the_pages_is_caught() {
    caught!(
        breaking!(delivered, CountsThePage),
        directory_order::a_page_leaves_out_what_is_skipped_and_holds_no_more_than_its_count,
        "what was skipped or left over does not count"
    );
}

#[test]
fn a_total_of_another_moment_than_the_page_is_caught() {
    caught!(
        breaking!(delivered, CountsBefore),
        directory_order::the_total_and_the_page_are_of_one_moment,
        "a total was not that of its page's moment"
    );
}

#[test]
fn people_of_one_value_who_are_left_out_between_pages_are_caught() {
    caught!(
        breaking!(delivered, OrdersNoIds),
        directory_positions::pages_after_positions_are_the_whole_in_its_order,
        "in pages of 1"
    );
}

#[test]
fn somebody_who_is_known_and_not_the_directorys_is_caught() {
    caught!(
        breaking!(delivered, KnowsEverybody),
        directory_reader::no_local_account_is_read,
        "a local account is known"
    );
}

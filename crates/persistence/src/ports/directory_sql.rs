//! Conditions and orders as SQL, on both engines.
//!
//! What the directory's client wrote is only ever bound, never part of a statement or of a pattern. Every test is either
//! true or false, because where a column may be empty that is asked first. `AND` and `OR` of many are nested in halves:
//! SQLite takes expressions that are 1,000 deep.

use diesel::backend::Backend;
use diesel::expression::expression_types::NotSelectable;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Text};
use muster_domain::directory::{Comparison, Kind, Order};

use crate::ports::directory_filter::{Attribute, Column, Filter, Value};
use crate::types::{Id, Instant};

/// What the engines say differently.
pub(super) trait Engine: Backend {
    /// Makes the text before it compare by its bytes. Not said where texts are equal or not, which is the same with and
    /// without, or the index of a column would not be used.
    const BY_BYTES: &'static str;
    /// The function that finds a text in another and counts from 1.
    const POSITION: &'static str;
    /// What stands between a text and another, for as much of the one's end as the other is long.
    const END: [&'static str; 2];

    fn bind<'b>(value: &'b Value, out: &mut AstPass<'_, 'b, Self>) -> QueryResult<()>;
}

macro_rules! engine {
    ($engine:ty: $by_bytes:literal, $position:literal, $end:expr) => {
        impl Engine for $engine {
            const BY_BYTES: &'static str = $by_bytes;
            const POSITION: &'static str = $position;
            const END: [&'static str; 2] = $end;

            fn bind<'b>(value: &'b Value, out: &mut AstPass<'_, 'b, Self>) -> QueryResult<()> {
                match value {
                    Value::Text(text) => out.push_bind_param::<Text, _>(text),
                    Value::Truth(truth) => out.push_bind_param::<Bool, _>(truth),
                    Value::Time(time) => out.push_bind_param::<Instant, _>(time),
                    Value::Id(id) => out.push_bind_param::<Id, _>(id),
                }
            }
        }
    };
}

#[cfg(feature = "postgres")]
engine!(diesel::pg::Pg: " COLLATE \"C\"", "strpos", ["right(", ", length("]);
#[cfg(feature = "sqlite")]
engine!(diesel::sqlite::Sqlite: "", "instr", ["substr(", ", -length("]);

impl<DB: Engine> QueryFragment<DB> for Filter {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("(");
        match self {
            Self::All(filters) => push_halves(filters, " AND ", "TRUE", &mut out)?,
            Self::Any(filters) => push_halves(filters, " OR ", "FALSE", &mut out)?,
            Self::Not(filter) => {
                out.push_sql("NOT ");
                filter.walk_ast(out.reborrow())?;
            }
            Self::Always(truth) => out.push_sql(if *truth { "TRUE" } else { "FALSE" }),
            Self::Present(name) => {
                out.push_sql(name);
                out.push_sql(" IS NOT NULL");
            }
            Self::Member(person) => {
                out.push_sql("EXISTS (SELECT 1 FROM team_members WHERE team_members.team_id = teams.id");
                if let Some(person) = person {
                    out.push_sql(" AND team_members.user_id = ");
                    DB::bind(person, &mut out)?;
                }
                out.push_sql(")");
            }
            Self::Compare(column, comparison, value) => push_comparison(*column, *comparison, value, &mut out)?,
        }
        out.push_sql(")");
        Ok(())
    }
}

fn push_halves<'b, DB: Engine>(
    filters: &'b [Filter],
    joined: &str,
    none: &str,
    out: &mut AstPass<'_, 'b, DB>,
) -> QueryResult<()> {
    match filters {
        [] => out.push_sql(none),
        [only] => only.walk_ast(out.reborrow())?,
        _ => {
            let (first, second) = filters.split_at(filters.len() / 2);
            out.push_sql("(");
            push_halves(first, joined, none, out)?;
            out.push_sql(")");
            out.push_sql(joined);
            out.push_sql("(");
            push_halves(second, joined, none, out)?;
            out.push_sql(")");
        }
    }
    Ok(())
}

fn push_comparison<'b, DB: Engine>(
    column: Column,
    comparison: Comparison,
    value: &'b Value,
    out: &mut AstPass<'_, 'b, DB>,
) -> QueryResult<()> {
    if column.may_be_empty {
        out.push_sql(column.name);
        out.push_sql(" IS NOT NULL AND ");
    }
    let operator = match comparison {
        Comparison::Equal => " = ",
        Comparison::Greater => " > ",
        Comparison::GreaterOrEqual => " >= ",
        Comparison::Less => " < ",
        Comparison::LessOrEqual => " <= ",
        Comparison::Contains | Comparison::StartsWith => {
            out.push_sql(DB::POSITION);
            out.push_sql("(");
            out.push_sql(column.name);
            out.push_sql(", ");
            DB::bind(value, out)?;
            out.push_sql(if comparison == Comparison::Contains { ") > 0" } else { ") = 1" });
            return Ok(());
        }
        Comparison::EndsWith => {
            let [end_of, as_long_as] = DB::END;
            out.push_sql(end_of);
            out.push_sql(column.name);
            out.push_sql(as_long_as);
            DB::bind(value, out)?;
            out.push_sql(")) = ");
            return DB::bind(value, out);
        }
    };
    out.push_sql(column.name);
    if comparison != Comparison::Equal && matches!(value, Value::Text(_)) {
        out.push_sql(DB::BY_BYTES);
    }
    out.push_sql(operator);
    DB::bind(value, out)
}

/// In which order: by a column, if there is one, and then by id. Who has no value comes last, or first in the reverse.
#[derive(Clone, Copy)]
pub(super) struct Sorting {
    column: Option<Column>,
    id: &'static str,
    order: Order,
}

impl Sorting {
    pub(super) fn of(by: Option<(impl Attribute, Order)>, id: &'static str) -> Self {
        let (column, order) = by.map_or((None, Order::Ascending), |(attribute, order)| (attribute.column(), order));
        Self { column, id, order }
    }
}

impl<DB: Engine> QueryFragment<DB> for Sorting {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let (direction, absent) = match self.order {
            Order::Ascending => (" ASC", " NULLS LAST"),
            Order::Descending => (" DESC", " NULLS FIRST"),
        };
        if let Some(column) = self.column {
            out.push_sql(column.name);
            if matches!(column.kind, Kind::Text | Kind::FoldedText) {
                out.push_sql(DB::BY_BYTES);
            }
            out.push_sql(direction);
            out.push_sql(absent);
            out.push_sql(", ");
        }
        out.push_sql(self.id);
        out.push_sql(direction);
        Ok(())
    }
}

impl Expression for Filter {
    type SqlType = Bool;
}

impl Expression for Sorting {
    type SqlType = NotSelectable;
}

/// Texts that differ from one to the next: nothing that is worth preparing once for all.
macro_rules! part_of_a_query {
    ($($part:ty),*) => {$(
        impl<From> AppearsOnTable<From> for $part {}
        impl<From> SelectableExpression<From> for $part {}

        impl ValidGrouping<()> for $part {
            type IsAggregate = is_aggregate::No;
        }

        impl QueryId for $part {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }
    )*};
}

part_of_a_query!(Filter, Sorting);

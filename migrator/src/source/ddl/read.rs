//! From one parsed statement to the structs of [`super`].

use sqlite3_parser::ast::{self, ColumnConstraint, TableConstraint};
use sqlite3_parser::lexer::sql::{Error as ParseError, Parser};
use sqlite3_parser::{Bump, FallibleIterator};

use super::convert::{default_expr, source_expr, type_text};
use super::error::DdlError;
use super::lexis::{NESTING_MAX, TEXT_BYTES_MAX, deferrals, nesting_bound, unquote};
use super::query::query;
use super::{
    CheckDdl, ColumnDdl, ColumnKeyDdl, Ddl, ForeignKeyDdl, GeneratedDdl, IndexDdl, KeyDdl, KeyPart, KeyTerm,
    NotNullDdl, TableDdl, TriggerDdl, TriggerVerb, UniqueDdl, ViewDdl, VirtualTableDdl,
};

/// Reads the `sql` text of the `sqlite_schema` row of `object`.
///
/// # Errors
/// [`DdlError`] when the text is too long, too deep, does not parse or is not one CREATE statement.
pub fn read(object: &str, sql: &str) -> Result<Ddl, DdlError> {
    let object_name = || object.to_owned();
    // SQLite reads a stored text up to its first U+0000; the parser panics on one inside a name.
    let sql = sql.split('\0').next().unwrap_or_default();
    if sql.len() > TEXT_BYTES_MAX {
        return Err(DdlError::TooLong {
            object: object_name(),
            bytes: sql.len(),
        });
    }
    let levels = nesting_bound(sql).map_err(|error| syntax(object, &error))?;
    if levels > NESTING_MAX {
        return Err(DdlError::TooDeep {
            object: object_name(),
            levels,
        });
    }
    let arena = Bump::new();
    let mut parser = Parser::new(&arena, sql.as_bytes());
    let first = parser.next().map_err(|error| syntax(object, &error))?;
    let rest = parser.next().map_err(|error| syntax(object, &error))?;
    let ddl = match (&first, rest) {
        (Some(ast::Cmd::Stmt(statement)), None) => statement_ddl(statement),
        _ => None,
    };
    let mut ddl = ddl.ok_or_else(|| DdlError::NotOneCreate {
        object: object_name(),
    })?;
    if let Ddl::Table(table) = &mut ddl {
        let deferrals = deferrals(sql).map_err(|error| syntax(object, &error))?;
        if deferrals.len() != table.foreign_keys().count() {
            return Err(DdlError::DeferralLost {
                object: object_name(),
            });
        }
        for (key, deferral) in table.foreign_keys_mut().zip(deferrals) {
            key.deferrable = deferral.deferrable;
            key.initially_deferred = deferral.initially_deferred;
        }
    }
    Ok(ddl)
}

fn syntax(object: &str, error: &ParseError) -> DdlError {
    use ParseError as E;
    let (message, place) = match error {
        E::ParserError(cause, place) => (cause.to_string(), place.as_ref()),
        E::UnrecognizedToken(place) => ("unrecognized token".to_owned(), place.as_ref()),
        E::UnterminatedLiteral(place) => ("a quote is not closed".to_owned(), place.as_ref()),
        E::UnterminatedBracket(place) => ("a bracket is not closed".to_owned(), place.as_ref()),
        E::UnterminatedBlockComment(place) => ("a comment is not closed".to_owned(), place.as_ref()),
        E::BadVariableName(place) => ("bad variable name".to_owned(), place.as_ref()),
        E::BadNumber(place) => ("bad number".to_owned(), place.as_ref()),
        E::ExpectedEqualsSign(place) => ("no = after !".to_owned(), place.as_ref()),
        E::MalformedBlobLiteral(place) => ("malformed blob".to_owned(), place.as_ref()),
        E::MalformedHexInteger(place) => ("malformed hexadecimal number".to_owned(), place.as_ref()),
        other => (other.to_string(), None),
    };
    DdlError::Syntax {
        object: object.to_owned(),
        line: place.map_or(1, |at| at.line),
        column: place.map_or(1, |at| at.column),
        message,
    }
}

fn statement_ddl(statement: &ast::Stmt) -> Option<Ddl> {
    use ast::Stmt as S;
    Some(match statement {
        S::CreateTable { tbl_name, body, .. } => match body {
            ast::CreateTableBody::ColumnsAndConstraints {
                columns,
                constraints,
                flags,
            } => Ddl::Table(table(tbl_name, columns, constraints.unwrap_or_default(), *flags)),
            ast::CreateTableBody::AsSelect(_) => return None,
        },
        S::CreateIndex {
            unique,
            idx_name,
            tbl_name,
            columns,
            where_clause,
            ..
        } => Ddl::Index(IndexDdl {
            name: name(&idx_name.name),
            table: name(tbl_name),
            unique: *unique,
            parts: columns.iter().map(key_part).collect(),
            where_clause: where_clause.as_ref().map(source_expr),
        }),
        S::CreateView {
            view_name,
            columns,
            select,
            ..
        } => Ddl::View(ViewDdl {
            name: name(&view_name.name),
            columns: column_names(*columns),
            query: query(select),
        }),
        S::CreateTrigger {
            trigger_name,
            time,
            event,
            tbl_name,
            ..
        } => Ddl::Trigger(TriggerDdl {
            name: name(&trigger_name.name),
            table: name(&tbl_name.name),
            time: *time,
            event: match event {
                ast::TriggerEvent::Delete => TriggerVerb::Delete,
                ast::TriggerEvent::Insert => TriggerVerb::Insert,
                ast::TriggerEvent::Update | ast::TriggerEvent::UpdateOf(_) => TriggerVerb::Update,
            },
        }),
        S::CreateVirtualTable {
            tbl_name,
            module_name,
            args,
            ..
        } => Ddl::VirtualTable(VirtualTableDdl {
            name: name(&tbl_name.name),
            module: name(module_name),
            arguments: args
                .unwrap_or_default()
                .iter()
                .map(|arg| (*arg).to_owned())
                .collect(),
        }),
        _ => return None,
    })
}

fn name(token: &ast::Name) -> String {
    unquote(token.0)
}

fn optional_name(token: Option<&ast::Name>) -> Option<String> {
    token.map(name)
}

fn column_names(columns: Option<&[ast::IndexedColumn]>) -> Vec<String> {
    columns
        .unwrap_or_default()
        .iter()
        .map(|column| name(&column.col_name))
        .collect()
}

fn table(
    table_name: &ast::QualifiedName,
    columns: &[ast::ColumnDefinition],
    constraints: &[ast::NamedTableConstraint],
    flags: ast::TabFlags,
) -> TableDdl {
    let mut table = TableDdl {
        name: name(&table_name.name),
        columns: columns.iter().map(column).collect(),
        without_rowid: flags.contains(ast::TabFlags::WithoutRowid),
        strict: flags.contains(ast::TabFlags::Strict),
        ..TableDdl::default()
    };
    for constraint in constraints {
        let constraint_name = optional_name(constraint.name.as_ref());
        match &constraint.constraint {
            TableConstraint::PrimaryKey {
                columns,
                auto_increment,
                conflict_clause,
            } => {
                table.primary_key = Some(KeyDdl {
                    name: constraint_name,
                    parts: columns.iter().map(key_part).collect(),
                    autoincrement: *auto_increment,
                    on_conflict: *conflict_clause,
                });
            }
            TableConstraint::Unique {
                columns,
                conflict_clause,
            } => table.unique.push(KeyDdl {
                name: constraint_name,
                parts: columns.iter().map(key_part).collect(),
                autoincrement: false,
                on_conflict: *conflict_clause,
            }),
            // SQLite reads ON CONFLICT after a CHECK and ignores it.
            TableConstraint::Check(expr, _) => table.checks.push(CheckDdl {
                name: constraint_name,
                expr: source_expr(expr),
            }),
            TableConstraint::ForeignKey { columns, clause, .. } => {
                let key = foreign_key(constraint_name, column_names(Some(columns)), clause);
                table.foreign_keys.push(key);
            }
        }
    }
    table
}

fn column(definition: &ast::ColumnDefinition) -> ColumnDdl {
    let mut column = ColumnDdl {
        name: name(&definition.col_name),
        declared_type: definition
            .col_type
            .as_ref()
            .map(type_text)
            .filter(|text| !text.is_empty()),
        ..ColumnDdl::default()
    };
    for constraint in definition.constraints {
        let constraint_name = optional_name(constraint.name.as_ref());
        match &constraint.constraint {
            ColumnConstraint::PrimaryKey {
                order,
                conflict_clause,
                auto_increment,
            } => {
                column.primary_key = Some(ColumnKeyDdl {
                    name: constraint_name,
                    desc: *order == Some(ast::SortOrder::Desc),
                    autoincrement: *auto_increment,
                    on_conflict: *conflict_clause,
                });
            }
            // SQLite reads a bare NULL and ignores it, also after a NOT NULL.
            ColumnConstraint::NotNull { nullable: true, .. } => {}
            ColumnConstraint::NotNull { conflict_clause, .. } => {
                column.not_null = Some(NotNullDdl {
                    name: constraint_name,
                    on_conflict: *conflict_clause,
                });
            }
            ColumnConstraint::Unique(conflict_clause) => {
                column.unique = Some(UniqueDdl {
                    name: constraint_name,
                    on_conflict: *conflict_clause,
                });
            }
            ColumnConstraint::Check(expr) => column.checks.push(CheckDdl {
                name: constraint_name,
                expr: source_expr(expr),
            }),
            ColumnConstraint::Default(expr) => column.default = Some(default_expr(expr)),
            ColumnConstraint::Collate { collation_name } => column.collation = Some(name(collation_name)),
            ColumnConstraint::ForeignKey { clause, .. } => {
                let child = vec![column.name.clone()];
                column
                    .foreign_keys
                    .push(foreign_key(constraint_name, child, clause));
            }
            // Read from the tokens, with those that the parser passes over.
            ColumnConstraint::Defer(_) => {}
            ColumnConstraint::Generated { expr, typ } => {
                column.generated = Some(GeneratedDdl {
                    expr: source_expr(expr),
                    stored: typ
                        .as_ref()
                        .is_some_and(|word| word.0.eq_ignore_ascii_case("stored")),
                });
            }
        }
    }
    column
}

fn foreign_key(
    constraint_name: Option<String>,
    columns: Vec<String>,
    clause: &ast::ForeignKeyClause,
) -> ForeignKeyDdl {
    let mut key = ForeignKeyDdl {
        name: constraint_name,
        columns,
        parent_table: name(&clause.tbl_name),
        parent_columns: column_names(clause.columns),
        on_delete: None,
        on_update: None,
        match_name: None,
        deferrable: false,
        initially_deferred: false,
    };
    for argument in clause.args {
        match argument {
            ast::RefArg::OnDelete(action) => key.on_delete = Some(*action),
            ast::RefArg::OnUpdate(action) => key.on_update = Some(*action),
            // SQLite reads ON INSERT and ignores it.
            ast::RefArg::OnInsert(_) => {}
            ast::RefArg::Match(kind) => key.match_name = Some(name(kind)),
        }
    }
    key
}

/// One term of a key: SQLite takes a plain name, also in single quotes or parentheses, for a column.
fn key_part(sorted: &ast::SortedColumn) -> KeyPart {
    let mut collation = None;
    let mut expr = &sorted.expr;
    let term = loop {
        match expr {
            ast::Expr::Collate(inner, given) => {
                // The outermost COLLATE wins.
                collation.get_or_insert_with(|| unquote(given));
                expr = inner;
            }
            ast::Expr::Parenthesized(inner) if inner.len() == 1 => expr = &inner[0],
            ast::Expr::Id(ast::Id(token)) | ast::Expr::Literal(ast::Literal::String(token)) => {
                break KeyTerm::Column(unquote(token));
            }
            other => break KeyTerm::Expr(source_expr(other)),
        }
    };
    KeyPart {
        term,
        collation,
        desc: sorted.order == Some(ast::SortOrder::Desc),
    }
}

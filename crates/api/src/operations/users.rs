//! `/api/users`: accounts, for tech.

use axum::{Json as Answer, extract::State, http::StatusCode};
use db::{
    ActorTx,
    accounts::{self, Account, AccountChange, AccountFilter, NewAccount, Profile},
    audit::Act,
};
use domain::{
    EmailAddress, Role, StepUp, UserId,
    access::Permission,
    audit::{AuditAction, EntityType},
    password,
};
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{
    auth::{
        own_profile,
        tell::{Change, Letter, tell},
    },
    body::{Checks, Json, Path, Query},
    codes::FieldCode,
    passwords,
    problem::{Problem, ProblemBody},
    query::{ListAnswer, PageQuery, search_text},
    signed::Signed,
    state::ApiState,
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsersQuery {
    /// Of this role.
    #[param(value_type = Option<Role>)]
    role: Option<String>,
    /// In use, or not.
    is_active: Option<bool>,
    /// With this in the name or address; or the whole address of one account.
    search: Option<String>,
    /// Rows a page, 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Where the page starts: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List accounts
///
/// Patients are pseudonyms here. Whoever has an address from its owner finds that account by searching for the
/// whole address, and only so.
#[utoipa::path(get, operation_id = "users_list", path = "/api/users", tag = "operations", params(UsersQuery),
    responses((status = 200, body = ListAnswer<Account>), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
    Query(query): Query<UsersQuery>,
) -> Result<Answer<ListAnswer<Account>>, Problem> {
    let (limit, after) = PageQuery {
        limit: query.limit,
        cursor: query.cursor.clone(),
    }
    .parse()?;
    let mut checks = Checks::default();
    let role = checks.word("role", query.role.as_deref());
    checks.done()?;
    let filter = AccountFilter {
        role,
        is_active: query.is_active,
        search: search_text(query.search.as_deref())?,
    };
    let mut tx = signed.begin_as(Permission::ManageUsers, &state).await?;
    if let Some(account) = by_address(&mut tx, &filter).await? {
        tx.audit(Act::new(AuditAction::ListUsers, EntityType::User).on(account.id))
            .await?;
        tx.commit().await?;
        return Ok(Answer(ListAnswer {
            items: vec![account],
            next_cursor: None,
        }));
    }
    let page = accounts::list(&mut tx, &filter, after, limit).await?;
    tx.audit(
        Act::new(AuditAction::ListUsers, EntityType::User)
            .new_values(json!({ "found": page.items.len() })),
    )
    .await?;
    tx.commit().await?;
    Ok(Answer(page.into()))
}

/// The account that a search names by its whole address, if it is one that the other filters want.
async fn by_address(
    tx: &mut ActorTx,
    filter: &AccountFilter<'_>,
) -> Result<Option<Account>, Problem> {
    let Some(address) = filter
        .search
        .and_then(|search| EmailAddress::try_from(search.to_owned()).ok())
    else {
        return Ok(None);
    };
    let found = accounts::find_by_email(tx, &address).await?;
    Ok(found.filter(|account| {
        filter.role.is_none_or(|role| role == account.role)
            && filter
                .is_active
                .is_none_or(|wanted| wanted == account.is_active)
    }))
}

/// Read an account
#[utoipa::path(get, operation_id = "users_read", path = "/api/users/{user_id}", tag = "operations",
    params(("user_id" = UserId, Path, description = "The account")),
    responses((status = 200, body = Account), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    signed: Signed,
    Path(user_id): Path<UserId>,
) -> Result<Answer<Account>, Problem> {
    let mut tx = signed.begin_as(Permission::ManageUsers, &state).await?;
    let account = accounts::find(&mut tx, user_id)
        .await?
        .ok_or(Problem::NotFound("account"))?;
    tx.audit(Act::new(AuditAction::ListUsers, EntityType::User).on(user_id))
        .await?;
    tx.commit().await?;
    Ok(Answer(account))
}

/// A new account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateUser {
    /// Address to sign in with.
    email: String,
    /// Password: at least as many characters as `GET /api/portal` says, and hard to guess.
    #[schema(format = Password, min_length = 8)]
    password: String,
    /// Role.
    #[schema(value_type = Role)]
    role: String,
    /// Name.
    name: String,
}

/// Make an account
#[utoipa::path(post, operation_id = "users_create", path = "/api/users", tag = "operations", request_body = CreateUser,
    responses((status = 201, body = Account), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    signed: Signed,
    Json(request): Json<CreateUser>,
) -> Result<(StatusCode, Answer<Account>), Problem> {
    let mut tx = signed.begin_as(Permission::ManageUsers, &state).await?;
    let minimum = passwords::minimum_length(&mut tx).await?;
    drop(tx);
    let mut checks = Checks::default();
    let email = checks.take(
        "email",
        FieldCode::InvalidEmail,
        EmailAddress::try_from(request.email.clone()),
    );
    checks.take(
        "password",
        FieldCode::WeakPassword,
        password::check(&request.password, minimum, &request.email, &request.name),
    );
    let role: Option<Role> = checks.word("role", Some(&request.role));
    checks.present("name", &request.name, 200);
    checks.done()?;
    let (email, role) = (
        email.expect("checked just above"),
        role.expect("checked just above"),
    );
    let hash = state.passwords.hash(request.password).await?;
    let mut tx = signed.begin(&state).await?;
    let id = UserId::new_at(tx.now());
    let account = NewAccount {
        id,
        email: &email,
        password_hash: Some(&hash),
        role,
        name: request.name.trim(),
        phone: None,
        date_of_birth: None,
    };
    accounts::create(&mut tx, &account).await.map_err(|error| {
        if error.is_constraint(accounts::EMAIL_TAKEN) {
            Problem::Conflict {
                code: "email_taken",
                detail: "this address has an account already".to_owned(),
            }
        } else {
            error.into()
        }
    })?;
    tx.audit(
        Act::new(AuditAction::CreateUser, EntityType::User)
            .on(id)
            .new_values(json!({ "role": role })),
    )
    .await?;
    let account = accounts::find(&mut tx, id)
        .await?
        .ok_or(Problem::NotFound("account"))?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Answer(account)))
}

/// What of an account changes; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeUser {
    /// Name.
    name: Option<String>,
    /// Role; ends the account's sessions.
    #[schema(value_type = Option<Role>)]
    role: Option<String>,
    /// Whether the account may be used; ends its sessions when not.
    is_active: Option<bool>,
    /// A new password; ends the account's sessions.
    #[schema(format = Password, min_length = 8)]
    password: Option<String>,
}

/// Change an account
///
/// The last active account of tech can be neither deactivated nor given another role, and nobody
/// can do either to the own one.
#[utoipa::path(patch, operation_id = "users_change", path = "/api/users/{user_id}", tag = "operations", request_body = ChangeUser,
    params(("user_id" = UserId, Path, description = "The account")),
    responses((status = 200, body = Account), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn change(
    State(state): State<ApiState>,
    signed: Signed,
    Path(user_id): Path<UserId>,
    Json(request): Json<ChangeUser>,
) -> Result<Answer<Account>, Problem> {
    let mut tx = signed.begin_as(Permission::ManageUsers, &state).await?;
    let before = accounts::find(&mut tx, user_id)
        .await?
        .ok_or(Problem::NotFound("account"))?;
    let minimum = passwords::minimum_length(&mut tx).await?;
    if before.role == Role::Patient && request.name.is_some() {
        return Err(Problem::Conflict {
            code: "name_is_the_records",
            detail:
                "a patient's name belongs to the record: radiologists and doctors correct it there"
                    .to_owned(),
        });
    }
    let owner = own_profile(&state, user_id, signed.actor.origin.clone()).await?;
    let role = check(&request, &owner, minimum)?;
    if role.is_some_and(|role| role.is_staff() != before.role.is_staff()) {
        return Err(Problem::Conflict {
            code: "patient_or_staff",
            detail: "a patient's account cannot become staff's, nor the other way round: make a new account".to_owned(),
        });
    }
    let demotes = role.is_some_and(|role| role != before.role) || request.is_active == Some(false);
    if demotes {
        refuse_to_lock_tech_out(&mut tx, &signed, &before).await?;
    }
    if demotes || request.password.is_some() {
        signed.stepped_up(StepUp::Account, &state).await?;
    }
    let hash = match request.password {
        Some(password) => Some(state.passwords.hash(password).await?),
        None => None,
    };
    let change = AccountChange {
        name: request.name.as_deref().map(str::trim),
        role,
        is_active: request.is_active,
        password_hash: hash.as_deref(),
    };
    accounts::change(&mut tx, user_id, &change).await?;
    if demotes || hash.is_some() {
        db::sessions::end_all(
            &mut tx,
            user_id,
            (user_id == signed.user_id).then_some(signed.session_id),
        )
        .await?;
    }
    let after = accounts::find(&mut tx, user_id)
        .await?
        .ok_or(Problem::NotFound("account"))?;
    let values = |account: &Account| json!({ "name": account.name, "role": account.role, "is_active": account.is_active });
    let mut new_values = values(&after);
    new_values["password_changed"] = json!(hash.is_some());
    tx.audit(
        Act::new(AuditAction::UpdateUser, EntityType::User)
            .on(user_id)
            .old(values(&before))
            .new_values(new_values),
    )
    .await?;
    tx.commit().await?;
    if hash.is_some() {
        tell(&state, owner.email, Letter::Changed(Change::Password));
    }
    Ok(Answer(after))
}

fn check(request: &ChangeUser, owner: &Profile, minimum: usize) -> Result<Option<Role>, Problem> {
    let mut checks = Checks::default();
    if let Some(name) = &request.name {
        checks.present("name", name, 200);
    }
    if let Some(password) = &request.password {
        checks.take(
            "password",
            FieldCode::WeakPassword,
            password::check(password, minimum, &owner.email, &owner.name),
        );
    }
    let role = checks.word("role", request.role.as_deref());
    checks.done()?;
    Ok(role)
}

async fn refuse_to_lock_tech_out(
    tx: &mut ActorTx,
    signed: &Signed,
    before: &Account,
) -> Result<(), Problem> {
    if before.id == signed.user_id {
        return Err(Problem::Conflict {
            code: "own_account",
            detail: "you cannot deactivate your own account or change its role: ask another member of tech".to_owned(),
        });
    }
    if before.role == Role::Tech && before.is_active && accounts::count_active_tech(tx).await? <= 1
    {
        return Err(Problem::Conflict {
            code: "last_tech",
            detail: "this is the last active account of tech: make another one first".to_owned(),
        });
    }
    Ok(())
}

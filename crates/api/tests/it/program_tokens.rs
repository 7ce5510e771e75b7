//! The tokens of programs, as tech sees them.

use domain::{Role, scope::Scope};
use testkit::TestApp;

#[tokio::test]
async fn tech_sees_what_programs_hold_and_revokes_it_once() {
    let app = TestApp::start().await;
    let tech = app.client(Role::Tech).await;
    let program = app
        .program(Role::Radiologist, &[Scope::DicomwebWrite])
        .await;
    let list = tech.get("/api/program-tokens").await.expect(200);
    let token = &list["items"][0];
    assert_eq!(token["role"], "radiologist");
    assert_eq!(token["scopes"][0], "dicomweb.write");
    assert!(
        !list.to_string().contains(program.token.as_deref().unwrap()),
        "the list shows a token"
    );
    let path = format!(
        "/api/program-tokens/{}",
        token["token_id"].as_str().unwrap()
    );
    tech.delete(&path).await.expect(204);
    tech.delete(&path).await.expect(404);
    let list = tech.get("/api/program-tokens").await.expect(200);
    assert!(list["items"][0]["revoked_at"].is_string());
    let trail = tech.get("/api/audit?action=revoke_token").await.expect(200);
    assert_eq!(trail["items"][0]["entity_id"], token["token_id"]);
}

#[tokio::test]
async fn a_programs_token_opens_nothing_of_the_interface_for_people() {
    let app = TestApp::start().await;
    let program = app.program(Role::Doctor, &[Scope::DicomwebRead]).await;
    for path in ["/api/reports", "/api/auth/me", "/api/reviews/queue"] {
        program.get(path).await.expect(401);
    }
}

/// Only the command line makes them: whoever could make one for a doctor's role would read what tech does not.
#[tokio::test]
async fn nobody_who_is_signed_in_makes_a_token() {
    let app = TestApp::start().await;
    let tech = app.client(Role::Tech).await;
    let id: domain::UserId = tech.user_id().parse().unwrap();
    let actor = db::Actor::user(id, Role::Tech, db::Origin::default());
    let mut tx = app.database.begin(&actor).await.unwrap();
    let new = db::program_tokens::NewProgramToken {
        token_id: domain::ProgramTokenId::new_at(tx.now()),
        user_id: id,
        name: "Mine",
        token_sha256: &"0".repeat(64),
        scopes: &[Scope::DicomwebRead],
        expires_at: tx.now() + chrono::Duration::days(1),
    };
    let refused = db::program_tokens::create(&mut tx, &new).await.unwrap_err();
    assert!(
        format!("{refused:?}").contains("row-level security"),
        "{refused:?}"
    );
}

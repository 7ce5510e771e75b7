//! Tech runs accounts and knows patients by pseudonyms; an account is found by its exact address.

use domain::Role;
use serde_json::json;
use testkit::TestApp;

#[tokio::test]
async fn tech_sees_pseudonyms_and_finds_an_account_by_its_exact_address_alone() {
    let app = TestApp::start().await;
    let tech = app.client(Role::Tech).await;
    let ann = app
        .create_account("ann@example.com", Role::Patient, "Ann Archer")
        .await;
    app.create_account("ben@example.com", Role::Doctor, "Ben Baker")
        .await;
    let list = tech.get("/api/users?limit=200").await;
    let text = String::from_utf8(list.bytes.clone()).unwrap();
    assert!(
        !text.contains("Archer") && !text.contains("ann@example.com"),
        "{text}"
    );
    assert!(text.contains("Ben Baker") && text.contains("ben@example.com"));
    let items = list.json()["items"].as_array().unwrap().clone();
    let pseudonym = items.iter().find(|row| row["id"] == json!(ann)).unwrap()["name"].clone();
    assert!(
        pseudonym.as_str().unwrap().starts_with("Patient "),
        "{pseudonym}"
    );
    for part in ["ann", "Archer", "ann@example"] {
        let found = tech
            .get(&format!("/api/users?search={part}"))
            .await
            .expect(200);
        assert_eq!(found["items"], json!([]), "{part}");
    }
    let by_pseudonym = pseudonym.as_str().unwrap().replace(' ', "%20");
    let found = tech
        .get(&format!("/api/users?search={by_pseudonym}"))
        .await
        .expect(200);
    assert_eq!(found["items"][0]["id"], json!(ann));
    let found = tech
        .get("/api/users?search=Ann%40example.com")
        .await
        .expect(200);
    assert_eq!(found["items"][0]["id"], json!(ann));
    assert_eq!(found["items"][0]["name"], pseudonym);
    let none = tech
        .get("/api/users?search=ann%40example.com&role=doctor")
        .await
        .expect(200);
    assert_eq!(none["items"], json!([]));
    // That somebody asked for this one account is in the trail.
    let trail = tech
        .get(&format!("/api/audit?action=list_users&entity_id={ann}"))
        .await
        .expect(200);
    assert_eq!(trail["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn account_work_goes_on_without_a_patients_name_and_address() {
    let app = TestApp::start().await;
    let tech = app.client(Role::Tech).await;
    let ann = app
        .create_account("ann@example.com", Role::Patient, "Ann Archer")
        .await;
    let path = format!("/api/users/{ann}");
    let refused = tech
        .patch(&path, json!({ "name": "Anna Archer" }))
        .await
        .expect(409);
    assert_eq!(refused["code"], "name_is_the_records");
    // The owner's own words are refused, though tech does not see them.
    let weak = tech
        .patch(&path, json!({ "password": "I am annarcher." }))
        .await
        .expect(422);
    assert_eq!(weak["errors"][0]["code"], "weak_password");
    let changed = tech
        .patch(&path, json!({ "is_active": false }))
        .await
        .expect(200);
    assert_eq!(changed["is_active"], false);
    tech.patch(
        &path,
        json!({ "is_active": true, "password": "a quiet garden" }),
    )
    .await
    .expect(200);
    let mut owner = app.anonymous();
    owner
        .sign_in("ann@example.com", "a quiet garden")
        .await
        .expect(200);
    let code = tech
        .post(&format!("{path}/password-code"), json!({}))
        .await
        .expect(201);
    let body = json!({ "code": code["code"], "password": "another quiet garden" });
    app.anonymous()
        .post("/api/auth/password/reset", body)
        .await
        .expect(204);
    owner
        .sign_in("ann@example.com", "another quiet garden")
        .await
        .expect(200);
}

/// The trail names what was corrected in a record to whoever proves it; the page shows tech that it was.
#[tokio::test]
async fn the_trail_shows_tech_no_names_of_patients() {
    let app = TestApp::start().await;
    let tech = app.client(Role::Tech).await;
    let doctor = app.client(Role::Doctor).await;
    let ann = app
        .create_account("ann@example.com", Role::Patient, "Ann Archer")
        .await;
    doctor
        .patch(
            &format!("/api/patients/{ann}"),
            json!({ "name": "Anna Becher", "phone": "12 34" }),
        )
        .await
        .expect(200);
    let trail = tech.get(&format!("/api/audit?entity_id={ann}")).await;
    let text = String::from_utf8(trail.bytes.clone()).unwrap();
    assert!(
        !text.contains("Archer") && !text.contains("Becher") && !text.contains("12 34"),
        "{text}"
    );
    let row = trail.json()["items"][0].clone();
    assert_eq!(row["action"], "update_patient");
    assert_eq!(row["new_values"]["name"], "…", "{row}");
}

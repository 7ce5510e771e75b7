//! Asking for more than one's share.

use std::num::NonZeroU32;

use domain::Role;
use testkit::{TestApp, TestOptions};

#[tokio::test]
async fn a_session_that_asks_too_much_is_slowed_and_others_are_not() {
    let app = TestApp::start_with(TestOptions {
        rates: api::Rates {
            a_session: NonZeroU32::new(20).unwrap(),
            ..api::Rates::default()
        },
        ..TestOptions::default()
    })
    .await;
    let (greedy, modest) = (
        app.client(Role::Doctor).await,
        app.client(Role::Doctor).await,
    );
    let mut refused = None;
    for _ in 0..40 {
        let answer = greedy.get("/api/auth/me").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("40 requests were answered where 20 are allowed");
    let wait: u32 = refused.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait));
    assert_eq!(refused.expect(429)["code"], "too_many_requests");
    modest.get("/api/auth/me").await.expect(200);
    greedy.get("/healthz").await.expect(200);
}

#[tokio::test]
async fn an_address_that_asks_too_much_is_slowed_whatever_tokens_it_makes_up() {
    let app = TestApp::start_with(TestOptions {
        rates: api::Rates {
            an_address: NonZeroU32::new(30).unwrap(),
            ..api::Rates::default()
        },
        ..TestOptions::default()
    })
    .await;
    let client = app.anonymous();
    let mut answers = Vec::new();
    for number in 0..40 {
        let request = client
            .request(reqwest::Method::GET, "/api/auth/me")
            .bearer_auth(format!("made-up-{number}"));
        answers.push(client.send(request).await.status.as_u16());
    }
    assert!(
        answers.contains(&401) && answers.contains(&429),
        "{answers:?}"
    );
}

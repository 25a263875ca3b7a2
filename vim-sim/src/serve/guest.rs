//! `/guestFile`: files into guests and out of them. The address has a secret, so that no session is asked for.

use super::{status, text};
use crate::mo::guest_operations_manager as guests;
use crate::sim::Sim;
use axum::body::Body;
use http_body_util::{BodyExt, Limited};
use hyper::{Method, Request, Response, StatusCode};
use std::sync::Arc;

/// The most bytes of a file that is brought.
const MOST: usize = 64 << 20;

pub(super) async fn answer<B>(sim: &Arc<Sim>, request: Request<B>) -> Response<Body>
where
    B: hyper::body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let query = request.uri().query().unwrap_or_default().to_owned();
    let value = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(own, _)| *own == name).map_or("", |(_, value)| value)
    };
    match *request.method() {
        Method::GET => match guests::read(sim, value("id"), value("token")) {
            Some(content) => text("application/octet-stream", content),
            None => status(StatusCode::NOT_FOUND),
        },
        Method::PUT => match Limited::new(request.into_body(), MOST).collect().await {
            Ok(body) => match guests::write(sim, value("id"), value("token"), body.to_bytes()) {
                true => status(StatusCode::OK),
                false => status(StatusCode::NOT_FOUND),
            },
            Err(_) => status(StatusCode::PAYLOAD_TOO_LARGE),
        },
        _ => status(StatusCode::METHOD_NOT_ALLOWED),
    }
}

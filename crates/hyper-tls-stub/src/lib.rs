//! Stands in for hyper-tls 0.5, which twilio-async names and whose OpenSSL Muster does not want. It has the types that
//! twilio-async needs to compile and refuses every connection: Muster has twilio-async build requests and carries them
//! itself.

use std::future::{Ready, ready};
use std::io;
use std::task::{Context, Poll};

use hyper::Uri;
use hyper::client::HttpConnector;
use hyper::service::Service;

/// Connects to nobody.
#[derive(Clone, Debug)]
pub struct HttpsConnector<T>(std::marker::PhantomData<T>);

impl HttpsConnector<HttpConnector> {
    /// What twilio-async makes once for each of its clients.
    #[expect(clippy::new_without_default, reason = "it has what hyper-tls has")]
    #[must_use]
    pub fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl Service<Uri> for HttpsConnector<HttpConnector> {
    type Response = <HttpConnector as Service<Uri>>::Response;
    type Error = io::Error;
    type Future = Ready<Result<Self::Response, io::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(Err(io::Error::new(io::ErrorKind::Unsupported, "twilio-async's own client is disabled")))
    }
}

//! Whether a connection is encrypted. tokio-postgres has a way to replace a connection's stream only where it believes
//! in TLS from the first byte on (`sslnegotiation=direct`). So it is told that of every connection, and the negotiation
//! happens here. That puts [`WithSqlStates`] on those without TLS too.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_postgres::Config;
use tokio_postgres::config::{SslMode, SslNegotiation};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::sql_states::WithSqlStates;

/// `SSLRequest`: its length and its code.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
const SSL_ACCEPTED: u8 = b'S';

type RustlsConnect<S> = <MakeRustlsConnect as MakeTlsConnect<S>>::TlsConnect;

/// How connections to a server are secured.
#[derive(Clone)]
pub(super) struct Negotiation {
    tls: MakeRustlsConnect,
    mode: SslMode,
    kind: SslNegotiation,
}

impl Negotiation {
    /// Takes over what the configuration says of TLS.
    pub(super) fn of(server: &mut Config, tls: MakeRustlsConnect) -> Self {
        let (mode, kind) = (server.get_ssl_mode(), server.get_ssl_negotiation());
        server.ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
        Self { tls, mode, kind }
    }

    /// For a connection to a server without a name, which has no TLS.
    #[cfg(unix)]
    pub(super) fn without_name<S>(&self) -> Negotiating<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        Negotiating { tls: None, mode: SslMode::Disable, kind: self.kind }
    }
}

impl<S> MakeTlsConnect<S> for Negotiation
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = WithSqlStates<Link<S>>;
    type TlsConnect = Negotiating<S>;
    type Error = Infallible;

    fn make_tls_connect(&mut self, name: &str) -> Result<Self::TlsConnect, Infallible> {
        let tls = MakeTlsConnect::<S>::make_tls_connect(&mut self.tls, name)?;
        Ok(Negotiating { tls: Some(tls), mode: self.mode, kind: self.kind })
    }
}

/// The negotiation of one connection.
pub(super) struct Negotiating<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> {
    tls: Option<RustlsConnect<S>>,
    mode: SslMode,
    kind: SslNegotiation,
}

impl<S> Negotiating<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    async fn secure(self, mut stream: S) -> io::Result<Link<S>> {
        let Some(tls) = self.tls.filter(|_| self.mode != SslMode::Disable) else {
            return Ok(Link::Plain(stream));
        };
        if self.kind == SslNegotiation::Postgres {
            stream.write_all(&SSL_REQUEST).await?;
            if stream.read_u8().await? != SSL_ACCEPTED {
                return match self.mode {
                    SslMode::Prefer => Ok(Link::Plain(stream)),
                    _ => Err(io::Error::other("server does not support TLS")),
                };
            }
        }
        Ok(Link::Tls(Box::new(tls.connect(stream).await?)))
    }
}

impl<S> TlsConnect<S> for Negotiating<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = WithSqlStates<Link<S>>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Stream>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move { Ok(WithSqlStates::new(self.secure(stream).await?)) })
    }
}

/// A connection with or without TLS.
pub(super) enum Link<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> {
    Plain(S),
    Tls(Box<<RustlsConnect<S> as TlsConnect<S>>::Stream>),
}

macro_rules! on_stream {
    ($link:expr, |$stream:ident| $call:expr) => {
        match &mut *$link {
            Link::Plain(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
            Link::Tls(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
        }
    };
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> AsyncRead for Link<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, |stream| stream.poll_read(context, into))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> AsyncWrite for Link<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        on_stream!(self, |stream| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on_stream!(self, |stream| stream.poll_write_vectored(context, slices))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, |stream| stream.poll_flush(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, |stream| stream.poll_shutdown(context))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> TlsStream for Link<S> {
    fn channel_binding(&self) -> ChannelBinding {
        match self {
            Self::Plain(_) => ChannelBinding::none(),
            Self::Tls(stream) => stream.channel_binding(),
        }
    }
}

//! Takes requests over HTTP, with TLS where that is asked for.

use std::{convert::Infallible, io, path::PathBuf, sync::Arc};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Response,
    body::{Bytes, Incoming},
    header::{AUTHORIZATION, CONTENT_TYPE, COOKIE},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use crate::rest::{Reply, Request, Server};

/// Bytes of a request's body at most.
const MAX_BODY: usize = 4 << 20;

/// Listens on 127.0.0.1 until the process is ended; prints its address first.
pub(crate) fn serve(server: Server, port: u16, tls: Option<PathBuf>) -> io::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async move {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let acceptor = tls.as_ref().map(|file| acceptor(file)).transpose()?;
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        println!("listening on {scheme}://{}", listener.local_addr()?);
        let server = Arc::new(server);
        loop {
            let (stream, _) = listener.accept().await?;
            let (server, acceptor) = (Arc::clone(&server), acceptor.clone());
            tokio::spawn(async move {
                match acceptor {
                    Some(acceptor) => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            connection(server, stream).await;
                        }
                    }
                    None => connection(server, stream).await,
                }
            });
        }
    })
}

/// A certificate of its own for every start; it signs itself.
fn acceptor(file: &std::path::Path) -> io::Result<TlsAcceptor> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]);
    let made = made.map_err(io::Error::other)?;
    std::fs::write(file, made.cert.pem())?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .map_err(io::Error::other)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn connection(server: Arc<Server>, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let service = service_fn(move |request| {
        let server = Arc::clone(&server);
        async move { Ok::<_, Infallible>(answer(server, request).await) }
    });
    // A client that goes away is none of the server's errors.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(server: Arc<Server>, request: hyper::Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut asked = Request {
        method: head.method.as_str().to_owned(),
        path: segments(head.uri.path()),
        authorization: header(AUTHORIZATION),
        cookie: header(COOKIE),
        ..Request::default()
    };
    let mut parameters = head.uri.query().unwrap_or_default().to_owned();
    if let Ok(body) = Limited::new(body, MAX_BODY).collect().await {
        parameters.push('&');
        parameters.push_str(&String::from_utf8_lossy(&body.to_bytes()));
    }
    asked.parameters = url::form_urlencoded::parse(parameters.as_bytes()).into_owned().collect();
    let reply = tokio::task::spawn_blocking(move || server.answer(&asked)).await;
    let reply = reply.unwrap_or_else(|error| Reply { status: 500, kind: "text/plain", body: error.to_string() });
    let response = Response::builder().status(reply.status).header(CONTENT_TYPE, reply.kind);
    response.body(Full::new(Bytes::from(reply.body))).unwrap_or_default()
}

/// What stands below `services` or `servicesNS/owner/app`.
fn segments(path: &str) -> Vec<String> {
    let plain = |segment: &str| {
        // The vendor's library writes a space as `+` here too.
        url::form_urlencoded::parse(segment.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
    };
    let mut all: Vec<String> = path.split('/').filter(|segment| !segment.is_empty()).map(plain).collect();
    match all.first().map(String::as_str) {
        Some("services") => drop(all.remove(0)),
        Some("servicesNS") => drop(all.drain(..all.len().min(3))),
        _ => all.clear(),
    }
    all
}

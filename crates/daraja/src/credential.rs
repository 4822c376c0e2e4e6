//! The security credential: an API user's password, encrypted to Safaricom's public key.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs8::DecodePublicKey;
use rsa::rand_core::OsRng;
use rsa::{Pkcs1v15Encrypt, RsaPublicKey};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::secret::Secret;

/// Why a credential cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// The certificate is neither PEM nor DER, or not one of version 3.
    #[error("the certificate cannot be read")]
    Certificate,
    /// Its key is not an RSA key.
    #[error("the certificate holds no RSA key")]
    Key,
    /// The password is empty or longer than the key can take.
    #[error("the password is empty or too long")]
    Password,
}

/// Encrypts the password of an initiator: RSA with the padding of PKCS#1 v1.5 over the bare password, then base64.
///
/// `certificate` is Safaricom's, as PEM or DER. Its validity dates are not looked at: the sandbox's ended in 2016 and
/// is in use. The result differs on every call and may be used many times; a password lives 90 days. Source:
/// "Getting started" page and Safaricom's own Node.js library; some tools add a timestamp, and are refused.
pub fn security_credential(certificate: &[u8], password: &Secret) -> Result<Secret, CredentialError> {
    let der = der(certificate)?;
    let der = CertificateDer::from_slice(&der);
    let parsed = webpki::EndEntityCert::try_from(&der).map_err(|_| CredentialError::Certificate)?;
    let key = RsaPublicKey::from_public_key_der(&parsed.subject_public_key_info())
        .map_err(|_| CredentialError::Key)?;
    let password = password.expose().as_bytes();
    if password.is_empty() {
        return Err(CredentialError::Password);
    }
    let sealed = key
        .encrypt(&mut OsRng, Pkcs1v15Encrypt, password)
        .map_err(|_| CredentialError::Password)?;
    Ok(Secret::new(STANDARD.encode(sealed)))
}

/// The certificate's DER, out of its PEM where it is one.
fn der(certificate: &[u8]) -> Result<Cow<'_, [u8]>, CredentialError> {
    if certificate.first() == Some(&0x30) {
        return Ok(Cow::Borrowed(certificate));
    }
    let read = CertificateDer::from_pem_slice(certificate).map_err(|_| CredentialError::Certificate)?;
    Ok(Cow::Owned(read.to_vec()))
}

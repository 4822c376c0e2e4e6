//! The security credential against a key whose private half the test has.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kaunta_daraja::Secret;
use kaunta_daraja::credential::{CredentialError, security_credential};
use rsa::pkcs8::DecodePrivateKey;
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey};

const CERTIFICATE: &[u8] = include_bytes!("../fixtures/certificate/expired.pem");
const PRIVATE_KEY: &str = include_str!("../fixtures/certificate/test-only-private-key.pem");

#[test]
fn a_password_is_sealed_so_that_only_the_certificate_s_owner_reads_it() {
    let password = Secret::from("Pass#word&1");
    let sealed = security_credential(CERTIFICATE, &password).unwrap();
    assert_eq!(sealed.expose().len(), 344);
    let key = RsaPrivateKey::from_pkcs8_pem(PRIVATE_KEY).unwrap();
    let opened = key
        .decrypt(Pkcs1v15Encrypt, &STANDARD.decode(sealed.expose()).unwrap())
        .unwrap();
    assert_eq!(opened, password.expose().as_bytes());
    assert_ne!(security_credential(CERTIFICATE, &password).unwrap(), sealed);
}

#[test]
fn der_is_read_as_well_as_pem() {
    let text = std::str::from_utf8(CERTIFICATE).unwrap();
    let lines: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(lines).unwrap();
    assert!(security_credential(&der, &"p".into()).is_ok());
}

#[test]
fn what_cannot_be_sealed_says_why() {
    let seal =
        |certificate: &[u8], password: &str| security_credential(certificate, &password.into()).unwrap_err();
    assert_eq!(seal(b"", "p"), CredentialError::Certificate);
    assert_eq!(
        seal(
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "p"
        ),
        CredentialError::Certificate
    );
    assert_eq!(seal(CERTIFICATE, ""), CredentialError::Password);
    assert_eq!(seal(CERTIFICATE, &"p".repeat(246)), CredentialError::Password);
}

//! How the values of settings are written: durations, schedules, addresses, truth.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use url::Url;

/// Words that Daraja refuses anywhere in a callback URL, in any case. Source: Daraja "C2B" page, URL requirements.
const REFUSED_WORDS: [&str; 8] = [
    "mpesa",
    "m-pesa",
    "safaricom",
    "exe",
    "exec",
    "cmd",
    "sql",
    "query",
];

/// Reads `500ms`, `15s`, `5m`, `2h`, `1d`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let millis: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(format!("`{text}` is no duration: write it like 15s, 5m or 2h")),
    };
    let number: u64 = number
        .parse()
        .map_err(|_| format!("`{text}` is no duration: write it like 15s, 5m or 2h"))?;
    number
        .checked_mul(millis)
        .map(Duration::from_millis)
        .ok_or_else(|| format!("`{text}` is too long"))
}

/// Reads a list of durations, each counted from the end of the one before.
pub(super) fn pauses(text: &str) -> Result<Vec<Duration>, String> {
    text.split(',').map(duration).collect()
}

/// Reads a list of durations, each counted from the same start, so that they must rise.
pub(super) fn schedule(text: &str) -> Result<Vec<Duration>, String> {
    let steps = pauses(text)?;
    if steps.is_sorted() {
        Ok(steps)
    } else {
        Err("must rise from each step to the next, like 15s,35s,65s".to_owned())
    }
}

/// Reads a list of addresses (`196.201.214.200`) and networks (`196.201.212.0/22`).
pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(network)
        .collect()
}

fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse().ok().or_else(address).ok_or_else(|| {
        format!("`{text}` is neither an address like 196.201.214.200 nor a network like 196.201.212.0/22")
    })
}

/// Reads `true` or `false`.
pub(super) fn truth(text: &str) -> Result<bool, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is neither true nor false"))
}

/// Reads an address on the web without anything that would end up in the paths built on it.
pub(super) fn web_address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .map_err(|error| format!("is no URL ({error}): write it like https://pay.shop.example"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("must start with http:// or https://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user name or password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not hold a `?` or `#`".to_owned());
    }
    Ok(url)
}

/// Reads the address that callbacks, links and frames are built on.
pub(super) fn public_url(text: &str) -> Result<Url, String> {
    let url = web_address(text)?;
    if url.path() != "/" {
        return Err("must end with the host: Kaunta answers at the root of its own host name".to_owned());
    }
    Ok(url)
}

/// The word in `url` for which Daraja would refuse callback URLs built on it.
pub(super) fn refused_word(url: &Url) -> Option<&'static str> {
    let text = url.as_str().to_ascii_lowercase();
    REFUSED_WORDS.into_iter().find(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        for (text, seconds) in [
            ("0s", 0),
            ("15s", 15),
            ("5m", 300),
            ("2h", 7200),
            ("1d", 86_400),
            (" 3s ", 3),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for wrong in [
            "",
            "15",
            "s",
            "-1s",
            "1.5s",
            "1 s",
            "1w",
            "99999999999999999999s",
            "18446744073709551615d",
        ] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn schedules_rise() {
        assert_eq!(schedule("15s, 35s,2m").unwrap().len(), 3);
        assert_eq!(pauses("0s,5s,1s").unwrap().len(), 3, "pauses need not");
        assert!(schedule("35s,15s").is_err() && schedule("").is_err() && schedule("15s,,35s").is_err());
    }

    #[test]
    fn addresses_and_networks_are_read() {
        let read = networks("196.201.214.200, 10.0.0.0/8,::1").unwrap();
        assert!(read[0].contains(&"196.201.214.200".parse::<IpAddr>().unwrap()));
        assert!(!read[0].contains(&"196.201.214.201".parse::<IpAddr>().unwrap()));
        assert!(read[1].contains(&"10.3.2.1".parse::<IpAddr>().unwrap()));
        assert!(networks("proxy.local").is_err() && networks("10.0.0.0/33").is_err());
    }

    #[test]
    fn a_public_url_is_a_bare_origin() {
        assert!(
            public_url("https://pay.shop.example").is_ok() && public_url("http://127.0.0.1:3000/").is_ok()
        );
        for wrong in [
            "pay.shop.example",
            "ftp://a",
            "https://u:p@a",
            "https://a/pay",
            "https://a/?x=1",
            "https://a/#x",
            "",
        ] {
            assert!(public_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn words_that_daraja_refuses_are_found() {
        assert_eq!(
            refused_word(&Url::parse("https://M-Pesa.shop.example").unwrap()),
            Some("m-pesa")
        );
        assert_eq!(
            refused_word(&Url::parse("https://pay.shop.example").unwrap()),
            None
        );
    }
}

//! Sign-ins: lines of an SSH server, and of a Windows security log as its text form has them.

use chrono::DateTime;
use serde_json::Map;

use super::{Record, SPAN, put, random::Random, tables};

/// Names that attackers try and nobody has.
const STRANGERS: [&str; 6] = ["root", "admin", "oracle", "test", "guest", "postgres"];

pub(super) fn records(now: i64) -> Vec<Record> {
    let mut random = Random::new(0x7365_6375);
    let users = tables::users();
    let mut records = Vec::new();
    for _ in 0..1100 {
        let time = now - random.between(1, SPAN);
        let host = *random.skewed(&["bastion1", "db1", "db2", "build1"]);
        let attack = random.percent(30);
        let user = if attack { *random.skewed(&STRANGERS) } else { *random.skewed(&users) };
        let src = if attack {
            format!("203.0.113.{}", *random.skewed(&[7_i64, 12, 19, 40, 77, 101]))
        } else {
            format!("10.1.{}.{}", random.between(0, 3), 10 + users.iter().position(|u| *u == user).unwrap_or(0))
        };
        let port = random.between(32_768, 61_000);
        let failed = attack || random.percent(12);
        let method = if failed || random.percent(40) { "password" } else { "publickey" };
        let (verb, action) = if failed { ("Failed", "failure") } else { ("Accepted", "success") };
        let invalid = if attack && user != "root" { "invalid user " } else { "" };
        let stamp = DateTime::from_timestamp(time, 0).unwrap_or_default().format("%Y-%m-%dT%H:%M:%SZ");
        let pid = random.between(900, 30_000);
        let raw =
            format!("{stamp} {host} sshd[{pid}]: {verb} {method} for {invalid}{user} from {src} port {port} ssh2");
        let mut fields = Map::new();
        for (name, value) in [
            ("user", user),
            ("src", &src),
            ("app", "sshd"),
            ("action", action),
            ("dest", host),
            ("authentication_method", method),
        ] {
            put(&mut fields, name, value);
        }
        put(&mut fields, "src_port", port);
        records.push(Record {
            time: time as f64,
            index: "security",
            sourcetype: "linux_secure",
            source: "/var/log/secure",
            host: host.to_owned(),
            raw,
            fields,
        });
    }
    for _ in 0..900 {
        let time = now - random.between(1, SPAN);
        let host = *random.skewed(&["WIN-DC1", "WIN-FS1", "WIN-APP1"]);
        let user = *random.skewed(&users);
        let failed = random.percent(15);
        let (code, action, words) = if failed {
            (4625, "failure", "An account failed to log on.")
        } else {
            (4624, "success", "An account was successfully logged on.")
        };
        let logon = *random.skewed(&[3, 2, 10, 5]);
        let src = format!("10.2.{}.{}", random.between(0, 2), random.between(10, 60));
        let stamp = DateTime::from_timestamp(time, 0).unwrap_or_default().format("%m/%d/%Y %I:%M:%S %p");
        let raw = format!(
            "{stamp}\nLogName=Security\nEventCode={code}\nComputerName={host}\nLogon_Type={logon}\nAccount_Name={user}\n\
             Source_Network_Address={src}\nMessage={words}"
        );
        let mut fields = Map::new();
        for (name, value) in [("user", user), ("src", &src), ("app", "win:remote"), ("action", action), ("dest", host)]
        {
            put(&mut fields, name, value);
        }
        put(&mut fields, "EventCode", code);
        put(&mut fields, "Logon_Type", logon);
        records.push(Record {
            time: time as f64,
            index: "security",
            sourcetype: "WinEventLog:Security",
            source: "WinEventLog:Security",
            host: host.to_owned(),
            raw,
            fields,
        });
    }
    records
}

//! Values that are written as text: sizes, spans of time, schedules, addresses.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_with::{DeserializeFromStr, SerializeDisplay};
use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

/// A text that is no value of its type, and what would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextError(String);

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TextError {}

/// A JSON Schema of a text with a pattern.
macro_rules! text_schema {
    ($ty:ident, $pattern:literal, $what:literal) => {
        impl JsonSchema for $ty {
            fn schema_name() -> Cow<'static, str> {
                stringify!($ty).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "description": $what })
            }
        }
    };
}

/// A size in bytes, written as Kubernetes does: `8Gi`, `512Mi`, `2T`, `4096`.
///
/// ```
/// use virtrigaud_vsphere::spec::Quantity;
///
/// let memory: Quantity = "8Gi".parse()?;
/// assert_eq!(memory.mib(), Some(8192));
/// assert_eq!(memory.to_string(), "8Gi");
/// assert_eq!("1.5Gi".parse::<Quantity>()?.bytes(), 3 << 29);
/// assert!("8 gigs".parse::<Quantity>().is_err());
/// # Ok::<(), virtrigaud_vsphere::spec::TextError>(())
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, SerializeDisplay, DeserializeFromStr,
)]
pub struct Quantity(u64);

text_schema!(
    Quantity,
    r"^[0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)?$",
    "A size in bytes, as 8Gi, 512Mi or 2T"
);

/// The suffixes of sizes, largest first, and what each stands for.
const UNITS: [(&str, u64); 10] = [
    ("Pi", 1 << 50),
    ("Ti", 1 << 40),
    ("Gi", 1 << 30),
    ("Mi", 1 << 20),
    ("Ki", 1 << 10),
    ("P", 1_000_000_000_000_000),
    ("T", 1_000_000_000_000),
    ("G", 1_000_000_000),
    ("M", 1_000_000),
    ("k", 1_000),
];

impl Quantity {
    /// A size of so many bytes.
    #[must_use]
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// A size of so many MiB.
    #[must_use]
    pub const fn from_mib(mib: u64) -> Self {
        Self(mib.saturating_mul(1 << 20))
    }

    /// In bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// In MiB; none where it is not a whole number of them.
    #[must_use]
    pub const fn mib(self) -> Option<u64> {
        if self.0.is_multiple_of(1 << 20) { Some(self.0 >> 20) } else { None }
    }
}

impl FromStr for Quantity {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let fail = || {
            TextError(format!("{text:?} is no size; sizes are such as 8Gi, 512Mi, 2T or a number of bytes"))
        };
        let text = text.trim();
        let (number, unit) = UNITS
            .iter()
            .find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, *unit)))
            .unwrap_or((text, 1));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 9 {
            return Err(fail());
        }
        // Fractions of bytes are rounded up, as Kubernetes does.
        let scale = 10_u128.pow(u32::try_from(fraction.len()).unwrap_or(0));
        let value: u128 = format!("{whole}{fraction}").parse().map_err(|_| fail())?;
        let bytes = value.checked_mul(u128::from(unit)).ok_or_else(fail)?.div_ceil(scale);
        u64::try_from(bytes).map(Self).map_err(|_| fail())
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (suffix, unit) in UNITS {
            if self.0 >= unit && self.0.is_multiple_of(unit) {
                return write!(f, "{}{suffix}", self.0 / unit);
            }
        }
        write!(f, "{}", self.0)
    }
}

/// A span of time: `7d`, `12h`, `30m`, `1d12h`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, SerializeDisplay, DeserializeFromStr,
)]
pub struct Age(Duration);

text_schema!(Age, r"^([0-9]+(w|d|h|m|s))+$", "A span of time, as 7d, 12h, 30m or 1d12h");

const SPANS: [(char, u64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl Age {
    /// A span of time in whole seconds.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// As a duration.
    #[must_use]
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Age {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let fail =
            || TextError(format!("{text:?} is no span of time; spans are such as 7d, 12h, 30m or 1d12h"));
        let (mut seconds, mut number) = (0_u64, String::new());
        for character in text.trim().chars() {
            if character.is_ascii_digit() {
                number.push(character);
                continue;
            }
            let (_, unit) = SPANS.iter().find(|(name, _)| *name == character).ok_or_else(fail)?;
            let count: u64 = number.parse().map_err(|_| fail())?;
            number.clear();
            seconds = count.checked_mul(*unit).and_then(|part| seconds.checked_add(part)).ok_or_else(fail)?;
        }
        if seconds == 0 || !number.is_empty() {
            return Err(fail());
        }
        Ok(Self::from_secs(seconds))
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0.as_secs();
        for (name, unit) in SPANS.into_iter().skip(1) {
            if left >= unit {
                write!(f, "{}{name}", left / unit)?;
                left %= unit;
            }
        }
        Ok(())
    }
}

/// When something is done again and again: five fields as cron has them, `0 2 * * 0`.
#[derive(Clone, Debug, PartialEq, Eq, SerializeDisplay, DeserializeFromStr)]
pub struct Schedule(croner::Cron);

text_schema!(Schedule, r"^\S+( \S+){4}$", "A schedule in cron's five fields, as 0 2 * * 0");

impl Schedule {
    /// The schedule, to be asked for its times.
    #[must_use]
    pub const fn cron(&self) -> &croner::Cron {
        &self.0
    }
}

impl FromStr for Schedule {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let fail = |why: &dyn fmt::Display| {
            TextError(format!(
                "{text:?} is no schedule: {why}; expected minute, hour, day, month and weekday, such as 0 2 * * 0"
            ))
        };
        if text.split_whitespace().count() != 5 {
            return Err(fail(&"it does not have five fields"));
        }
        text.parse().map(Self).map_err(|error: croner::errors::CronError| fail(&error))
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// An address within its network: `192.168.100.50/24`, `fd00::5/64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, SerializeDisplay, DeserializeFromStr)]
pub struct Address(ipnet::IpNet);

text_schema!(
    Address,
    r"^[0-9a-fA-F.:]+/[0-9]{1,3}$",
    "An address with the length of its network's prefix, as 192.168.100.50/24"
);

impl Address {
    /// The address.
    #[must_use]
    pub fn ip(&self) -> IpAddr {
        self.0.addr()
    }

    /// The length of the network's prefix, in bits.
    #[must_use]
    pub fn prefix(&self) -> u8 {
        self.0.prefix_len()
    }

    /// Whether an address is in the same network.
    #[must_use]
    pub fn reaches(&self, other: IpAddr) -> bool {
        self.0.contains(&other)
    }
}

impl FromStr for Address {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let fail = |why: &str| {
            TextError(format!(
                "{text:?} is no address of a machine: {why}; expected one such as 192.168.100.50/24"
            ))
        };
        let net: ipnet::IpNet =
            text.trim().parse().map_err(|_| fail("it is not an address with a prefix"))?;
        let whole = net.prefix_len() == net.max_prefix_len();
        let is_name_of_net =
            net.addr() == net.network() || matches!(net, ipnet::IpNet::V4(v4) if v4.addr() == v4.broadcast());
        // Prefixes of 31 bits are links between two machines, without a network's own addresses.
        if !whole && net.max_prefix_len() - net.prefix_len() > 1 && is_name_of_net {
            return Err(fail("it is the network's own"));
        }
        if net.addr().is_unspecified() || net.addr().is_loopback() || net.addr().is_multicast() {
            return Err(fail("no machine can have it"));
        }
        Ok(Self(net))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A hardware address: `00:50:56:12:34:56`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, SerializeDisplay, DeserializeFromStr)]
pub struct Mac([u8; 6]);

text_schema!(Mac, r"^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$", "A hardware address, as 00:50:56:12:34:56");

impl FromStr for Mac {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let fail = || {
            TextError(format!(
                "{text:?} is no hardware address of a machine; expected one such as 00:50:56:12:34:56"
            ))
        };
        let mut bytes = [0; 6];
        let mut parts = text.trim().split([':', '-']);
        for byte in &mut bytes {
            let part = parts.next().filter(|part| part.len() == 2).ok_or_else(fail)?;
            *byte = u8::from_str_radix(part, 16).map_err(|_| fail())?;
        }
        // The lowest bit of the first byte says that it is a group of machines.
        if parts.next().is_some() || bytes[0] & 1 == 1 || bytes == [0; 6] {
            return Err(fail());
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// A virtual machine's hardware version: `vmx-19`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, SerializeDisplay, DeserializeFromStr)]
pub struct HardwareVersion(u32);

text_schema!(HardwareVersion, r"^vmx-[0-9]{2}$", "A hardware version, as vmx-19");

impl HardwareVersion {
    /// The number in it.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl FromStr for HardwareVersion {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let number = text.trim().strip_prefix("vmx-").and_then(|number| number.parse().ok());
        // Versions below 4 are of products that no server of today can run.
        match number {
            Some(number @ 4..=99) => Ok(Self(number)),
            _ => Err(TextError(format!("{text:?} is no hardware version; expected one such as vmx-19"))),
        }
    }
}

impl fmt::Display for HardwareVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vmx-{:02}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("8Gi", 8 << 30),
            ("512Mi", 512 << 20),
            ("2T", 2_000_000_000_000),
            ("4096", 4096),
            ("1.5Gi", 3 << 29),
            ("0", 0),
        ] {
            assert_eq!(text.parse::<Quantity>().map(Quantity::bytes), Ok(bytes), "{text}");
        }
        for text in ["", "Gi", "8 Gi", "8gb", "-1Gi", "1e3", "99999999Pi", "1.Gi.", "0.0000000001Gi"] {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
        assert_eq!(Quantity::from_mib(1536).to_string(), "1536Mi");
    }

    #[test]
    fn spans() {
        assert_eq!("7d".parse::<Age>().map(Age::duration), Ok(Duration::from_secs(604_800)));
        assert_eq!("1d12h".parse::<Age>().map(|age| age.to_string()), Ok("1d12h".to_owned()));
        for text in ["", "7", "d", "0d", "7y", "99999999999999999999d"] {
            assert!(text.parse::<Age>().is_err(), "{text}");
        }
    }

    #[test]
    fn addresses() {
        let address: Address = "192.168.100.50/24".parse().expect("an address");
        assert!(address.reaches("192.168.100.1".parse().expect("an address")));
        assert_eq!(address.to_string(), "192.168.100.50/24");
        for text in [
            "192.168.100.50",
            "192.168.100.0/24",
            "192.168.100.255/24",
            "192.168.100.300/24",
            "0.0.0.0/0",
            "127.0.0.1/8",
            "1.2.3.4/33",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }

    #[test]
    fn schedules_and_others() {
        assert!("0 2 * * 0".parse::<Schedule>().is_ok());
        assert!("0 2 * *".parse::<Schedule>().is_err() && "61 2 * * 0".parse::<Schedule>().is_err());
        assert_eq!(
            "00-50-56-AB-cd-01".parse::<Mac>().map(|mac| mac.to_string()),
            Ok("00:50:56:ab:cd:01".to_owned())
        );
        assert!("01:00:5e:00:00:01".parse::<Mac>().is_err() && "00:50:56:12:34".parse::<Mac>().is_err());
        assert_eq!("vmx-19".parse::<HardwareVersion>().map(HardwareVersion::number), Ok(19));
        assert!("19".parse::<HardwareVersion>().is_err() && "vmx-x".parse::<HardwareVersion>().is_err());
    }
}

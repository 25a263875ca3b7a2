//! Shares, reservations and limits.

use crate::fault::{Fault, Result};
use vim_types::{ResourceAllocationInfo, SharesInfo, SharesLevel};

/// What is allocated, and how many shares each of it has at the level `normal`.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Of {
    Cpus(i32),
    MemoryMb(i64),
}

impl Of {
    /// The shares of a level: a processor has 500, 1000 or 2000, a megabyte 5, 10 or 20.
    fn shares(self, level: &SharesLevel) -> Option<i32> {
        let normal = match self {
            Self::Cpus(count) => i64::from(count) * 1000,
            Self::MemoryMb(size) => size * 10,
        };
        let shares = match *level {
            SharesLevel::LOW => normal / 2,
            SharesLevel::NORMAL => normal,
            SharesLevel::HIGH => normal * 2,
            _ => return None,
        };
        Some(i32::try_from(shares).unwrap_or(i32::MAX))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Cpus(_) => "cpuAllocation",
            Self::MemoryMb(_) => "memoryAllocation",
        }
    }
}

/// What a machine has that was given nothing else.
pub(in super::super) fn standard() -> ResourceAllocationInfo {
    ResourceAllocationInfo {
        reservation: Some(0),
        expandable_reservation: Some(false),
        limit: Some(-1),
        shares: Some(SharesInfo { shares: 0, level: SharesLevel::NORMAL }),
        overhead_limit: None,
    }
}

/// Puts what a spec says over what there is.
pub(super) fn apply(into: &mut ResourceAllocationInfo, spec: &ResourceAllocationInfo, of: Of) -> Result<()> {
    let invalid = |field: &str| Fault::invalid_argument(&format!("configSpec.{}.{field}", of.name()));
    if let Some(reservation) = spec.reservation {
        if reservation < 0 {
            return Err(invalid("reservation"));
        }
        into.reservation = Some(reservation);
    }
    if let Some(limit) = spec.limit {
        if limit < -1 {
            return Err(invalid("limit"));
        }
        into.limit = Some(limit);
    }
    if spec.expandable_reservation.is_some() {
        into.expandable_reservation = spec.expandable_reservation;
    }
    if spec.overhead_limit.is_some() {
        into.overhead_limit = spec.overhead_limit;
    }
    if let Some(shares) = &spec.shares {
        if shares.level == SharesLevel::CUSTOM && !(0..=1_000_000).contains(&shares.shares) {
            return Err(invalid("shares"));
        }
        into.shares = Some(shares.clone());
    }
    let (reservation, limit) = (into.reservation.unwrap_or(0), into.limit.unwrap_or(-1));
    if limit != -1 && reservation > limit {
        return Err(invalid("reservation"));
    }
    if let Of::MemoryMb(size) = of
        && reservation > size
    {
        return Err(invalid("reservation"));
    }
    Ok(())
}

/// Has the number of shares be what their level stands for.
pub(super) fn count(allocation: &mut ResourceAllocationInfo, of: Of) {
    let shares = allocation.shares.get_or_insert(SharesInfo { shares: 0, level: SharesLevel::NORMAL });
    if let Some(number) = of.shares(&shares.level) {
        shares.shares = number;
    }
}

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as PhcHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use async_trait::async_trait;
use muster_domain::Entropy;
use muster_domain::break_glass::{
    Lane, Password, PasswordError, PasswordHash, PasswordHasher, PasswordTag, PasswordTurn,
};
use ring::digest;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use zeroize::{Zeroize, Zeroizing};

/// Hashes passwords with Argon2id (RFC 9106), apart from the threads that answer requests, and few at a time.
///
/// Each hash takes 19 MiB and most of a core for some tens of milliseconds. So many run at once as there are places;
/// some more wait for a place, a little; whoever comes then is told that it is busy, at once. Nobody but the hash itself
/// gives a place back: a client that hangs up does not make room for more than the machine bears. The memory is kept for
/// the next: an allocator to which it was returned again and again held six times as much.
///
/// The reserved lane has a place and a queue of its own, so that a flood in the common lane does not hold up what waits
/// there.
pub struct Argon2Passwords {
    entropy: Arc<dyn Entropy>,
    common: Queue,
    reserved: Queue,
    /// The memory of places that are free, wiped.
    memories: Arc<Mutex<Vec<Memory>>>,
}

/// Where passwords of one lane wait for a place.
struct Queue {
    /// As many as may run or wait.
    admissions: Arc<Semaphore>,
    /// As many as may run.
    places: Arc<Semaphore>,
}

/// A place, held until what it is for has ended.
struct Place {
    memories: Arc<Mutex<Vec<Memory>>>,
    held: (OwnedSemaphorePermit, OwnedSemaphorePermit, Gauged),
}

/// What one hash works in.
type Memory = Box<[Block]>;

/// What stands in the store is no hash that was made here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored hash is malformed, or of a kind or a cost that is never made here")]
struct NotOurs;

/// Why a hash came to nothing.
#[derive(Debug, thiserror::Error)]
enum HashFault {
    /// The store holds something else.
    #[error(transparent)]
    NotOurs(#[from] NotOurs),
    /// Argon2 failed.
    #[error("argon2 failed")]
    Argon2(#[from] argon2::Error),
    /// The hash cannot be written as text.
    #[error("the hash has no text form")]
    Form(#[from] argon2::password_hash::phc::Error),
    /// There is no memory for it.
    #[error("there is no memory for a hash")]
    OutOfMemory(#[from] std::collections::TryReserveError),
}

/// What a hash is derived with.
struct Recipe {
    params: Params,
    salt: Salt,
}

impl Argon2Passwords {
    /// Memory in KiB, passes, lanes: OWASP's password storage cheat sheet names 19 MiB, 2 and 1 as the least.
    const MEMORY: u32 = 19_456;
    const PASSES: u32 = 2;
    const LANES: u32 = 1;
    /// The most passes of a stored hash that are made; its memory and lanes may not be more than ours.
    const MAX_PASSES: u32 = 10;
    const OUTPUT: usize = 32;
    const SALT: usize = 16;

    /// The most places, however many cores there are: admins of last resort are few.
    const MAX_PLACES: usize = 4;
    /// The most that wait for a place.
    const QUEUE: usize = 16;
    /// How long one waits for a place.
    const PATIENCE: Duration = Duration::from_secs(5);
    /// When whoever finds it busy may try again.
    const RETRY_AFTER: time::Duration = time::Duration::SECOND;

    /// A hasher that takes up to half the machine's cores, four at the most, and one place more for the reserved lane,
    /// with 19 MiB for each.
    #[must_use]
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self::with_places(entropy, (cores / 2).clamp(1, Self::MAX_PLACES))
    }

    fn with_places(entropy: Arc<dyn Entropy>, places: usize) -> Self {
        Self { entropy, common: Queue::new(places), reserved: Queue::new(1), memories: Arc::default() }
    }

    async fn place(&self, lane: Lane) -> Result<Place, PasswordError> {
        let queue = match lane {
            Lane::Common => &self.common,
            Lane::Reserved => &self.reserved,
        };
        let Ok(admission) = queue.admissions.clone().try_acquire_owned() else {
            return Err(busy());
        };
        let waiting = Gauged::new("muster_password_waiting");
        let Ok(Ok(place)) = timeout(Self::PATIENCE, queue.places.clone().acquire_owned()).await else {
            return Err(busy());
        };
        drop(waiting);
        let held = (admission, place, Gauged::new("muster_password_places_in_use"));
        Ok(Place { memories: self.memories.clone(), held })
    }
}

impl Queue {
    fn new(places: usize) -> Self {
        Self {
            admissions: Arc::new(Semaphore::new(places + Argon2Passwords::QUEUE)),
            places: Arc::new(Semaphore::new(places)),
        }
    }
}

impl Place {
    /// Runs `work` here. The place goes with the work, which nothing cuts short once it runs.
    async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut [Block]) -> Result<T, HashFault> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let Self { memories, held } = self;
        let done = tokio::task::spawn_blocking(move || {
            let free = memories.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut memory = free.map_or_else(allocate, Ok)?;
            let done = work(&mut memory);
            memory.zeroize();
            memories.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
            drop(held);
            done
        });
        match done.await {
            Ok(done) => done.map_err(|fault| PasswordError::Failed(Box::new(fault))),
            Err(panicked) => Err(PasswordError::Failed(Box::new(panicked))),
        }
    }
}

fn allocate() -> Result<Memory, HashFault> {
    let blocks = Argon2Passwords::MEMORY as usize;
    let mut memory = Vec::new();
    memory.try_reserve_exact(blocks)?;
    memory.resize(blocks, Block::new());
    Ok(memory.into_boxed_slice())
}

/// Counts one in a gauge for as long as it lives.
struct Gauged(metrics::Gauge);

impl Gauged {
    fn new(name: &'static str) -> Self {
        let gauge = metrics::gauge!(name);
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for Gauged {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

fn busy() -> PasswordError {
    metrics::counter!("muster_passwords_refused_busy_total").increment(1);
    PasswordError::Busy { retry_after: Argon2Passwords::RETRY_AFTER }
}

#[async_trait]
impl PasswordHasher for Argon2Passwords {
    async fn hash_password(&self, password: &Password) -> Result<PasswordHash, PasswordError> {
        let mut salt = [0; Self::SALT];
        self.entropy.fill(&mut salt);
        let password = password.clone();
        let text = self.place(Lane::Common).await?.run(move |memory| {
            let recipe = Recipe::ours(&salt)?;
            let hash = PhcHash {
                algorithm: ARGON2ID_IDENT,
                version: Some(Version::V0x13.into()),
                params: ParamsString::try_from(&recipe.params).map_err(|_| NotOurs)?,
                salt: Some(recipe.salt),
                hash: Some(recipe.derive(&password, memory)?),
            };
            Ok(hash.to_string())
        });
        PasswordHash::parse(text.await?).map_err(|error| PasswordError::Failed(Box::new(error)))
    }

    fn tag(&self, password: &Password) -> PasswordTag {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"muster break-glass password tag v1\0");
        context.update(password.expose().as_bytes());
        let start = context.finish().as_ref().iter().take(4).fold(0, |tag, byte| tag << 8 | u32::from(*byte));
        PasswordTag(start)
    }

    async fn turn(&self, lane: Lane) -> Result<Box<dyn PasswordTurn>, PasswordError> {
        Ok(Box::new(self.place(lane).await?))
    }
}

#[async_trait]
impl PasswordTurn for Place {
    async fn is_password(
        self: Box<Self>,
        password: &Password,
        hash: Option<PasswordHash>,
    ) -> Result<bool, PasswordError> {
        let password = password.clone();
        self.run(move |memory| match hash {
            Some(hash) => {
                let (recipe, expected) = Recipe::read(&hash)?;
                // Compares in constant time.
                Ok(recipe.derive(&password, memory)? == expected)
            }
            None => Recipe::ours(&[0; Argon2Passwords::SALT])?.derive(&password, memory).map(|_| false),
        })
        .await
    }
}

impl Recipe {
    /// The one by which hashes are made.
    fn ours(salt: &[u8]) -> Result<Self, HashFault> {
        let (memory, passes, lanes) = (Argon2Passwords::MEMORY, Argon2Passwords::PASSES, Argon2Passwords::LANES);
        let params = Params::new(memory, passes, lanes, Some(Argon2Passwords::OUTPUT))?;
        Ok(Self { params, salt: Salt::new(salt)? })
    }

    /// The one of a stored hash, and what comes of it with the right password. A hash that would take more memory than a
    /// place has is refused before any is taken.
    fn read(hash: &PasswordHash) -> Result<(Self, Output), NotOurs> {
        let hash = PhcHash::new(hash.as_str()).map_err(|_| NotOurs)?;
        let params = Params::try_from(&hash).map_err(|_| NotOurs)?;
        let affordable = params.m_cost() <= Argon2Passwords::MEMORY
            && params.t_cost() <= Argon2Passwords::MAX_PASSES
            && params.p_cost() <= Argon2Passwords::LANES;
        let ours = hash.algorithm == ARGON2ID_IDENT && hash.version == Some(Version::V0x13.into());
        match (hash.salt, hash.hash) {
            (Some(salt), Some(output)) if ours && affordable => Ok((Self { params, salt }, output)),
            _ => Err(NotOurs),
        }
    }

    fn derive(&self, password: &Password, memory: &mut [Block]) -> Result<Output, HashFault> {
        let mut output = Zeroizing::new([0; Output::MAX_LENGTH]);
        let output = &mut output[..self.params.output_len().unwrap_or(Argon2Passwords::OUTPUT)];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone());
        argon2.hash_password_into_with_memory(password.expose().as_bytes(), &self.salt, output, memory)?;
        Ok(Output::new(output)?)
    }
}

#[cfg(test)]
mod tests;

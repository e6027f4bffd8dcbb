//! fst_crate_bench set|map DIR: the fst crate's figures over the keys and queries that bench_core wrote into DIR.
//!
//! DIR has keys (ascending), hits, misses and prefixes, one per line. Prints lines "row TAB metric TAB figure" with the
//! metrics of bench/run.h. A Map's value is the key's rank. What a query answers is compared with what the keys say.

use std::fs;
use std::path::Path;
use std::time::Instant as WallInstant;

use fst::{IntoStreamer, Map, MapBuilder, Set, SetBuilder, Streamer};

/// Lines in one run of memory.
struct Lines {
    blob: Vec<u8>,
    ends: Vec<usize>,
}

impl Lines {
    fn read(file: &Path) -> Lines {
        let blob = fs::read(file).unwrap_or_else(|e| panic!("{}: {}", file.display(), e));
        let ends = blob.iter().enumerate().filter(|&(_, &b)| b == b'\n').map(|(i, _)| i).collect();
        Lines { blob, ends }
    }
    fn len(&self) -> usize {
        self.ends.len()
    }
    fn get(&self, i: usize) -> &[u8] {
        let begin = if i == 0 { 0 } else { self.ends[i - 1] + 1 };
        &self.blob[begin..self.ends[i]]
    }
    /// How many lines are below `key`. The lines must be ascending.
    fn lower_bound(&self, key: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = (low + high) / 2;
            if self.get(middle) < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// The order-dependent checksum of a scan, as bench/run.h has it.
#[derive(PartialEq, Default)]
struct ScanSum(u64);

impl ScanSum {
    fn add(&mut self, key: &[u8]) {
        let first = *key.first().unwrap_or(&0) as u64;
        let last = *key.last().unwrap_or(&0) as u64;
        self.0 = self.0.wrapping_mul(3).wrapping_add(first + 256 * last + ((key.len() as u64) << 16));
    }
}

/// The smallest key past all that start with `prefix`, if there is one.
fn past(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut next = prefix.to_vec();
    while let Some(last) = next.pop() {
        if last < 255 {
            next.push(last + 1);
            return Some(next);
        }
    }
    None
}

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

const CLOCK_PROCESS_CPUTIME_ID: i32 = 2;

extern "C" {
    fn malloc_trim(pad: usize) -> i32;
    fn clock_gettime(clock: i32, now: *mut Timespec) -> i32;
}

/// A moment of this process's CPU time, which is what all figures are in.
struct Instant(f64);

impl Instant {
    fn now() -> Instant {
        let mut now = Timespec { seconds: 0, nanoseconds: 0 };
        // SAFETY: `now` is a valid timespec for the length of the call.
        unsafe { clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &mut now) };
        Instant(now.seconds as f64 * 1e9 + now.nanoseconds as f64)
    }
    fn nanoseconds(&self) -> f64 {
        Instant::now().0 - self.0
    }
}

/// A line of /proc/self/status, in bytes.
fn status_bytes(field: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with(field)).unwrap_or("0 0");
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 1024.0
}

enum Image {
    Set(Set),
    Map(Map),
}

impl Image {
    fn open(map: bool, bytes: Vec<u8>) -> Image {
        if map {
            Image::Map(Map::from_bytes(bytes).unwrap())
        } else {
            Image::Set(Set::from_bytes(bytes).unwrap())
        }
    }
}

fn build(map: bool, keys: &Lines) -> Vec<u8> {
    if map {
        let mut builder = MapBuilder::memory();
        for i in 0..keys.len() {
            builder.insert(keys.get(i), i as u64).unwrap();
        }
        builder.into_inner().unwrap()
    } else {
        let mut builder = SetBuilder::memory();
        for i in 0..keys.len() {
            builder.insert(keys.get(i)).unwrap();
        }
        builder.into_inner().unwrap()
    }
}

/// Runs `$body` for each key that `$stream` yields.
macro_rules! each_key {
    ($image:expr, |$s:ident| $range:expr, |$key:ident| $body:block) => {
        match $image {
            Image::Set($s) => {
                let mut stream = $range.into_stream();
                while let Some($key) = stream.next() $body
            }
            Image::Map($s) => {
                let mut stream = $range.into_stream();
                while let Some(($key, _)) = stream.next() $body
            }
        }
    };
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args.len() != 3 || (args[1] != "set" && args[1] != "map") {
        eprintln!("usage: fst_crate_bench set|map DIR");
        std::process::exit(2);
    }
    let map = args[1] == "map";
    let row = if map { "fst crate Map" } else { "fst crate Set" };
    let dir = Path::new(&args[2]);
    let keys = Lines::read(&dir.join("keys"));
    let hits = Lines::read(&dir.join("hits"));
    let misses = Lines::read(&dir.join("misses"));
    let prefixes = Lines::read(&dir.join("prefixes"));
    let n = keys.len() as f64;
    let figure = |metric: &str, value: f64| println!("{}\t{}\t{:.9}", row, metric, value);
    let mut wrong = String::new();
    let mut check = |ok: bool, what: &str| {
        if !ok && wrong.is_empty() {
            wrong = format!("wrong: {}", what);
        }
    };

    let resident = status_bytes("RssAnon");
    let begin = Instant::now();
    let bytes = build(map, &keys);
    figure("build", begin.nanoseconds() / n);
    figure("build_peak", (status_bytes("VmHWM") - status_bytes("RssFile") - resident) / n);
    let mut bytes = bytes;
    bytes.shrink_to_fit();
    figure("image", bytes.len() as f64 / n);
    let file = dir.join("fst");
    fs::write(&file, &bytes).unwrap();
    let image = Image::open(map, bytes);
    // SAFETY: malloc_trim has no preconditions; it hands free memory back, so that what is counted is in use.
    unsafe { malloc_trim(0) };
    figure("rss", (status_bytes("RssAnon") - resident) / n);

    let begin = Instant::now();
    let (mut found, mut sum) = (0usize, 0u64);
    for q in 0..hits.len() {
        match &image {
            Image::Set(s) => found += s.contains(hits.get(q)) as usize,
            Image::Map(m) => {
                if let Some(rank) = m.get(hits.get(q)) {
                    found += 1;
                    sum = sum.wrapping_add(rank);
                }
            }
        }
    }
    figure("hit", begin.nanoseconds() / hits.len() as f64);
    let ranks: Vec<usize> = (0..hits.len()).map(|q| keys.lower_bound(hits.get(q))).collect();
    check(found == hits.len() && (!map || sum == ranks.iter().map(|&r| r as u64).sum::<u64>()), "hit");

    let begin = Instant::now();
    let mut found = 0usize;
    for q in 0..misses.len() {
        found += match &image {
            Image::Set(s) => s.contains(misses.get(q)),
            Image::Map(m) => m.contains_key(misses.get(q)),
        } as usize;
    }
    figure("miss", begin.nanoseconds() / misses.len() as f64);
    check(found == 0, "miss");

    let (begin, wall) = (Instant::now(), WallInstant::now());
    let (mut done, mut sum) = (0, ScanSum::default());
    while done < hits.len().min(100_000) && wall.elapsed().as_secs_f64() < 3.0 {
        for q in done..(done + 8).min(hits.len()) {
            let mut left = 100;
            each_key!(&image, |s| s.range().ge(hits.get(q)), |key| {
                sum.add(key);
                left -= 1;
                if left == 0 {
                    break;
                }
            });
        }
        done = (done + 8).min(hits.len());
    }
    figure("range100", begin.nanoseconds() / done as f64);
    let mut right = ScanSum::default();
    for &rank in &ranks[..done] {
        for i in rank..(rank + 100).min(keys.len()) {
            right.add(keys.get(i));
        }
    }
    check(sum == right, "range100");

    let (begin, wall) = (Instant::now(), WallInstant::now());
    let (mut done, mut sum) = (0, 0u64);
    while done < prefixes.len() && wall.elapsed().as_secs_f64() < 1.0 {
        let prefix = prefixes.get(done);
        match past(prefix) {
            Some(past) => each_key!(&image, |s| s.range().ge(prefix).lt(&past), |key| {
                let _ = key;
                sum += 1;
            }),
            None => each_key!(&image, |s| s.range().ge(prefix), |key| {
                let _ = key;
                sum += 1;
            }),
        }
        done += 1;
    }
    figure("prefix", begin.nanoseconds() / done as f64);
    let right: usize = (0..done)
        .map(|q| {
            let prefix = prefixes.get(q);
            past(prefix).map_or(keys.len(), |p| keys.lower_bound(&p)) - keys.lower_bound(prefix)
        })
        .sum();
    check(sum == right as u64, "prefix");

    let begin = Instant::now();
    let mut sum = ScanSum::default();
    each_key!(&image, |s| s.stream(), |key| {
        sum.add(key);
    });
    figure("scan", begin.nanoseconds() / n);
    let mut right = ScanSum::default();
    for i in 0..keys.len() {
        right.add(keys.get(i));
    }
    check(sum == right, "scan");

    let begin = Instant::now();
    let again = Image::open(map, fs::read(&file).unwrap());
    figure("reopen", begin.nanoseconds() / 1e6);
    check(
        match &again {
            Image::Set(s) => s.len() == keys.len(),
            Image::Map(m) => m.len() == keys.len(),
        },
        "reopen",
    );
    fs::remove_file(&file).unwrap();
    println!("{}\tcheck\t{}", row, if wrong.is_empty() { "ok" } else { &wrong });
}

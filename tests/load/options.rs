//! What is asked of a load test.

/// How to use it.
pub const HELP: &str = "\
load [--preset 1..4] [--speedup N] [options]: feeds a workspace and tells what became of the files
  --preset 1   50 files, one per 300 s          --preset 2   25 files, one per 300 s
  --preset 3   500 files, one per 10 s          --preset 4   500 compressed files, one per 10 s
  --speedup N        the preset's pace N times as fast
  --files N          files (500)                --rate X     files per second (2)
  --burst            all files at once          --events N   events of a file (1)
  --file-mb X        events for about so many MB a file, in place of --events
  --compressed       compressed events          --no-jobs    files wait in a held lane: intake alone
  --reconstruct      with jobs (as it is without --no-jobs)
  --system NAME      local, slurm or pbs (local); the last two start a farm of their own
  --central PLACE    a second copy into a folder, or to an XRootD server of its own with 'xrootd'
  --detector NAME    a detector (3x1x1)         --json       for programs
soak [options]: the soak test; 'soak --help'
";

/// Size of an event of the 3x1x1, uncompressed.
const EVENT_MB: f64 = 3.2;

/// A load test.
#[derive(Debug, Clone)]
pub struct Options {
    /// Files to deliver.
    pub files: usize,
    /// Seconds between two; 0 for all at once.
    pub every_s: f64,
    /// Events of a file.
    pub events: usize,
    /// Whether events are compressed.
    pub compressed: bool,
    /// Whether files are reconstructed and analysed.
    pub with_jobs: bool,
    /// The batch system.
    pub system: String,
    /// Where second copies go.
    pub central: Option<String>,
    /// The detector.
    pub detector: String,
    /// Whether the report is for programs.
    pub as_json: bool,
}

impl Options {
    /// Reads arguments; none when help is asked for.
    pub fn parse(arguments: &[String]) -> Result<Option<Self>, String> {
        let mut options = Options {
            files: 500,
            every_s: 0.5,
            events: 1,
            compressed: false,
            with_jobs: true,
            system: "local".into(),
            central: None,
            detector: "3x1x1".into(),
            as_json: false,
        };
        let (mut file_mb, mut speedup) = (None, 1.0);
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().cloned().ok_or_else(|| format!("{argument} wants a value"));
            match argument.as_str() {
                "--help" => return Ok(None),
                "--preset" => options.preset(&value()?)?,
                "--speedup" => speedup = number(argument, &value()?)?,
                "--files" => options.files = number(argument, &value()?)? as usize,
                "--rate" => options.every_s = 1.0 / number(argument, &value()?)?,
                "--burst" => options.every_s = 0.0,
                "--events" => options.events = number(argument, &value()?)? as usize,
                "--file-mb" => file_mb = Some(number(argument, &value()?)?),
                "--compressed" => options.compressed = true,
                "--no-jobs" => options.with_jobs = false,
                "--reconstruct" => options.with_jobs = true,
                "--system" => options.system = value()?,
                "--central" => options.central = Some(value()?),
                "--detector" => options.detector = value()?,
                "--json" => options.as_json = true,
                _ => return Err(format!("'{argument}' is no option")),
            }
        }
        if let Some(megabytes) = file_mb {
            // Compressed events are about a third.
            let event_mb = if options.compressed { EVENT_MB / 3.0 } else { EVENT_MB };
            options.events = (megabytes / event_mb).round().max(1.0) as usize;
        }
        options.every_s /= speedup;
        if !["local", "slurm", "pbs"].contains(&options.system.as_str()) {
            return Err(format!("'{}' is no batch system: local, slurm, pbs", options.system));
        }
        Ok(Some(options))
    }

    fn preset(&mut self, name: &str) -> Result<(), String> {
        (self.files, self.every_s, self.compressed) = match name {
            "1" => (50, 300.0, false),
            "2" => (25, 300.0, false),
            "3" => (500, 10.0, false),
            "4" => (500, 10.0, true),
            _ => return Err(format!("'{name}' is no preset: 1, 2, 3, 4")),
        };
        Ok(())
    }
}

fn number(option: &str, text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| format!("{option} wants a number above zero, not '{text}'"))
}

use godwit_platform::files;
use tokio::runtime::Runtime;

use crate::error::{CliError, Code, Result};

/// Runs `work` to its end. What an app leaves behind, such as a read of standard input, is not waited for.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = Runtime::new().map_err(|error| {
        CliError::new(Code::Internal, "cannot start threads").why(files::reason(&error))
    })?;
    let ended = runtime.block_on(work);
    runtime.shutdown_background();
    ended
}

//! The remote backend: models served elsewhere, over the Open Inference Protocol and the clouds' forms of it.

//! Networks are recognised from the names and shapes of their files.

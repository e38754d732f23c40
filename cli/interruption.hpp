// Ctrl-C: the first one ends a run cleanly, the second one the program.
#pragma once

namespace ghostnet::cli {

// From here on the first SIGINT or SIGTERM is noted, and the second one ends the program at once.
void watch_for_interruption();
bool interrupted();

}  // namespace ghostnet::cli

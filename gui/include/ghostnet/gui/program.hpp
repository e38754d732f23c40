// The program ghostnet-gui: what its command line says, and the window or the picture that comes of it.
#pragma once

namespace ghostnet::gui {

// Exit codes as those of `ghostnet`: 0, 2 for wrong input, 3 for a bug.
int program_main(int argc, char** argv);

}  // namespace ghostnet::gui

#include "ghostnet/gui/program.hpp"

int main(int argc, char** argv) { return ghostnet::gui::program_main(argc, argv); }

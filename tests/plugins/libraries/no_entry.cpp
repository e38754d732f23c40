// A library, but no plug-in.
extern "C" __attribute__((visibility("default"))) int ghostnet_test_library() { return 1; }

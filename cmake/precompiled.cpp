// A library needs a source for its headers to be precompiled for; there is nothing else to compile here.

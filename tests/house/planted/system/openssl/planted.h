// Stands for a header of OpenSSL, which need not be installed.
#pragma once

// Stands for the header of SQLite, which need not be installed.
#pragma once

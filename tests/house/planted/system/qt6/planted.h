// Stands for a header of Qt, which need not be installed.
#pragma once

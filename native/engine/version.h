/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef TELOVIX_VERSION_H
#define TELOVIX_VERSION_H

#define ENGINE_VERSION "0.1.0"

#endif

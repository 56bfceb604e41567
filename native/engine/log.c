// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

static void write_line(const char *hint, const char *format, va_list args)
{
	char text[1024];

	vsnprintf(text, sizeof(text), format, args);
	fprintf(stderr, "telovix-engine: %s%s%s\n", text, hint ? " " : "", hint ? hint : "");
}

void log_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(NULL, format, args);
	va_end(args);
}

void log_failure(const char *hint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(hint, format, args);
	va_end(args);
}

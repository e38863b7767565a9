// SPDX-License-Identifier: Apache-2.0
#include "awsapi/text_values.hpp"

#include "encoding/base64_string.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace otabahn::awsapi {

namespace {

constexpr std::array<std::string_view, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr double first_second = -62167219200.0, last_second = 253402300799.999;  // of the years 0 and 9999

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

template <class Number>
bool assign_number(std::string_view text, void* value) {
    const auto number = parse_number<Number>(text);
    if (number) *static_cast<Number*>(value) = *number;
    return number.has_value();
}

// Takes digits from the front of a text; remembers that something did not fit.
struct Reader {
    std::string_view rest;
    bool fits = true;

    int number(std::size_t digits) {
        if (rest.size() < digits ||
            !std::all_of(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(digits), [](char c) { return c >= '0' && c <= '9'; })) {
            fits = false;
            return 0;
        }
        int out = 0;
        std::from_chars(rest.data(), rest.data() + digits, out);
        rest.remove_prefix(digits);
        return out;
    }
    bool take(std::string_view text) {
        if (!rest.starts_with(text)) return false;
        rest.remove_prefix(text.size());
        return true;
    }
    void expect(std::string_view text) { fits = take(text) && fits; }
};

std::optional<Timestamp> compose(int year, int month, int day, int hour, int minute, int second, int millis, int offset_minutes) {
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    return Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute - offset_minutes) +
           std::chrono::seconds(second) + std::chrono::milliseconds(millis);
}

// 2025-06-28T12:00:00[.123…](Z|+01:00|+0100)
std::optional<Timestamp> parse_iso8601(std::string_view text) {
    Reader in{text};
    const int year = in.number(4);
    in.expect("-");
    const int month = in.number(2);
    in.expect("-");
    const int day = in.number(2);
    if (!in.take("T") && !in.take("t")) in.expect(" ");
    const int hour = in.number(2);
    in.expect(":");
    const int minute = in.number(2);
    in.expect(":");
    const int second = in.number(2);
    int millis = 0;
    if (in.take(".")) {
        const auto digits = std::min(in.rest.find_first_not_of("0123456789"), in.rest.size());
        if (digits == 0) return std::nullopt;
        for (std::size_t i = 0; i < 3; ++i) millis = millis * 10 + (i < digits ? in.rest[i] - '0' : 0);
        in.rest.remove_prefix(digits);
    }
    int offset = 0;
    if (!in.take("Z") && !in.take("z")) {
        const int sign = in.take("-") ? -1 : 1;
        if (sign == 1) in.expect("+");
        offset = in.number(2) * 60;
        in.take(":");
        offset = sign * (offset + in.number(2));
    }
    if (!in.fits || !in.rest.empty()) return std::nullopt;
    return compose(year, month, day, hour, minute, second, millis, offset);
}

// Sat, 28 Jun 2025 12:00:00 GMT
std::optional<Timestamp> parse_rfc822(std::string_view text) {
    Reader in{text};
    if (std::none_of(days.begin(), days.end(), [&](std::string_view day) { return in.take(day); })) return std::nullopt;
    in.expect(", ");
    const int day = in.number(2);
    in.expect(" ");
    const auto month = std::find_if(months.begin(), months.end(), [&](std::string_view name) { return in.take(name); });
    if (month == months.end()) return std::nullopt;
    in.expect(" ");
    const int year = in.number(4);
    in.expect(" ");
    const int hour = in.number(2);
    in.expect(":");
    const int minute = in.number(2);
    in.expect(":");
    const int second = in.number(2);
    in.expect(" ");
    if (!in.take("GMT") && !in.take("UTC")) in.expect("+0000");
    if (!in.fits || !in.rest.empty()) return std::nullopt;
    return compose(year, static_cast<int>(month - months.begin()) + 1, day, hour, minute, second, 0, 0);
}

void append_padded(std::string& out, int number, std::size_t width) {
    const std::string digits = std::to_string(number);
    out.append(width > digits.size() ? width - digits.size() : 0, '0').append(digits);
}

}  // namespace

std::optional<Timestamp> timestamp_from_seconds(double seconds) {
    if (!(seconds >= first_second && seconds <= last_second)) return std::nullopt;
    return from_millis(static_cast<std::int64_t>(std::llround(seconds * 1000)));
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
    if (const auto seconds = parse_number<double>(text)) return timestamp_from_seconds(*seconds);
    if (const auto time = parse_iso8601(text)) return time;
    return parse_rfc822(text);
}

std::string format_timestamp(Timestamp time, TimestampForm form) {
    if (form == TimestampForm::epoch_seconds || form == TimestampForm::by_place) {
        const std::int64_t millis = to_millis(time), seconds = to_seconds(time);
        std::string out = std::to_string(seconds);
        if (const auto fraction = static_cast<int>(millis - seconds * 1000); fraction != 0) {
            if (seconds < 0) return std::to_string(static_cast<double>(millis) / 1000);
            out.push_back('.');
            append_padded(out, fraction, 3);
            while (out.ends_with('0')) out.pop_back();
        }
        return out;
    }
    const auto midnight = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(midnight);
    const std::chrono::hh_mm_ss clock(time - midnight);
    const int year = static_cast<int>(date.year()), day = static_cast<int>(static_cast<unsigned>(date.day()));
    const unsigned month = static_cast<unsigned>(date.month());
    std::string out;
    if (form == TimestampForm::rfc822) {
        out.append(days[std::chrono::weekday(midnight).c_encoding()]).append(", ");
        append_padded(out, day, 2);
        out.append(" ").append(months[month - 1]).append(" ");
        append_padded(out, year, 4);
        out.append(" ");
    } else {
        append_padded(out, year, 4);
        out.append("-");
        append_padded(out, static_cast<int>(month), 2);
        out.append("-");
        append_padded(out, day, 2);
        out.append("T");
    }
    append_padded(out, static_cast<int>(clock.hours().count()), 2);
    out.append(":");
    append_padded(out, static_cast<int>(clock.minutes().count()), 2);
    out.append(":");
    append_padded(out, static_cast<int>(clock.seconds().count()), 2);
    if (form == TimestampForm::iso8601) {
        out.append(".");
        append_padded(out, static_cast<int>(clock.subseconds().count()), 3);
    }
    return out.append(form == TimestampForm::rfc822 ? " GMT" : "Z");
}

bool assign_text(const ShapeRow& shape, std::string_view text, void* value) {
    switch (shape.kind) {
        case Kind::string:
            *static_cast<std::string*>(value) = text;
            return true;
        case Kind::blob: {
            auto bytes = encoding::from_base64(text, encoding::Base64Padding::lenient);
            if (!bytes) return false;
            *static_cast<std::string*>(value) = std::move(*bytes);
            return true;
        }
        case Kind::integer:
            return assign_number<std::int32_t>(text, value);
        case Kind::long_integer:
            return assign_number<std::int64_t>(text, value);
        case Kind::decimal: {
            const auto number = parse_number<double>(text);
            if (!number || !std::isfinite(*number)) return false;
            *static_cast<double*>(value) = *number;
            return true;
        }
        case Kind::boolean:
            if (text != "true" && text != "false") return false;
            *static_cast<bool*>(value) = text == "true";
            return true;
        case Kind::timestamp: {
            const auto time = parse_timestamp(text);
            if (time) *static_cast<Timestamp*>(value) = *time;
            return time.has_value();
        }
        case Kind::structure:
        case Kind::list:
        case Kind::map:
            return false;
    }
    return false;
}

std::string to_text(const ShapeRow& shape, const void* value, TimestampForm form) {
    switch (shape.kind) {
        case Kind::string:
            return *static_cast<const std::string*>(value);
        case Kind::blob:
            return encoding::to_base64(*static_cast<const std::string*>(value));
        case Kind::integer:
            return std::to_string(*static_cast<const std::int32_t*>(value));
        case Kind::long_integer:
            return std::to_string(*static_cast<const std::int64_t*>(value));
        case Kind::boolean:
            return *static_cast<const bool*>(value) ? "true" : "false";
        case Kind::decimal: {
            std::array<char, 32> buffer{};
            const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), *static_cast<const double*>(value)).ptr;
            return std::string(buffer.data(), end);
        }
        case Kind::timestamp:
            return format_timestamp(*static_cast<const Timestamp*>(value), form_of(shape, form));
        case Kind::structure:
        case Kind::list:
        case Kind::map:
            break;
    }
    return {};
}

}  // namespace otabahn::awsapi

// SPDX-License-Identifier: Apache-2.0
#include "sigv4/amz_time.hpp"

#include "base/ids.hpp"

#include <array>
#include <cstdio>

namespace otabahn::sigv4 {
namespace {

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

struct Parts {
    int year, month, day, hour, minute, second;
    unsigned weekday;
};

Parts to_parts(Timestamp time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const auto rest = std::chrono::floor<std::chrono::seconds>(time - day).count();
    return {static_cast<int>(date.year()),
            static_cast<int>(static_cast<unsigned>(date.month())),
            static_cast<int>(static_cast<unsigned>(date.day())),
            static_cast<int>(rest / 3600),
            static_cast<int>(rest / 60 % 60),
            static_cast<int>(rest % 60),
            std::chrono::weekday(day).c_encoding()};
}

std::optional<Timestamp> to_time(int year, int month, int day, int hour, int minute, int second) {
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    return Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
}

// The number of the digits at `from`; -1 where there is another character.
int number(std::string_view text, std::size_t from, std::size_t size) {
    int value = 0;
    for (std::size_t i = from; i < from + size; ++i) {
        if (!id_rules::is_digit(text[i])) return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

template <class... Values>
std::string print(const char* format, Values... values) {
    std::array<char, 96> buffer{};
    const int size = std::snprintf(buffer.data(), buffer.size(), format, values...);
    return std::string(buffer.data(), static_cast<std::size_t>(size));
}

}  // namespace

std::string format_amz_time(Timestamp time) {
    const Parts p = to_parts(time);
    return print("%04d%02d%02dT%02d%02d%02dZ", p.year, p.month, p.day, p.hour, p.minute, p.second);
}

std::optional<Timestamp> parse_amz_time(std::string_view text) {
    if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
    const int year = number(text, 0, 4), month = number(text, 4, 2), day = number(text, 6, 2);
    const int hour = number(text, 9, 2), minute = number(text, 11, 2), second = number(text, 13, 2);
    if (year < 0 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0) return std::nullopt;
    return to_time(year, month, day, hour, minute, second);
}

std::string format_http_date(Timestamp time) {
    const Parts p = to_parts(time);
    return print("%s, %02d %s %04d %02d:%02d:%02d GMT", days[p.weekday].data(), p.day, months[static_cast<std::size_t>(p.month - 1)].data(),
                 p.year, p.hour, p.minute, p.second);
}

std::optional<Timestamp> parse_http_date(std::string_view text) {
    // Sun, 06 Nov 1994 08:49:37 GMT
    if (text.size() != 29 || text[3] != ',' || text[4] != ' ' || text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' ||
        text[22] != ':' || text.substr(25) != " GMT")
        return std::nullopt;
    int month = 0;
    for (std::size_t i = 0; i < months.size(); ++i)
        if (text.substr(8, 3) == months[i]) month = static_cast<int>(i) + 1;
    const int day = number(text, 5, 2), year = number(text, 12, 4);
    const int hour = number(text, 17, 2), minute = number(text, 20, 2), second = number(text, 23, 2);
    if (month == 0 || day < 0 || year < 0 || hour < 0 || minute < 0 || second < 0) return std::nullopt;
    return to_time(year, month, day, hour, minute, second);
}

std::string format_iso_time(Timestamp time) {
    const Parts p = to_parts(time);
    return print("%04d-%02d-%02dT%02d:%02d:%02dZ", p.year, p.month, p.day, p.hour, p.minute, p.second);
}

}  // namespace otabahn::sigv4

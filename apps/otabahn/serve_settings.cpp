// SPDX-License-Identifier: Apache-2.0
#include "apps/otabahn/serve_settings.hpp"

#include "base/ids.hpp"

#include <CLI/CLI.hpp>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <sstream>
#include <thread>

namespace otabahn::program {

namespace {

struct Setting {
    std::string_view name;  // --name, and the key in the file
    std::string_view help;
    std::string ServeSettings::*value;
    std::initializer_list<std::string_view> words;  // what it takes; empty: any text
};

const std::array settings_table{
    Setting{"data", "Folder of everything the server keeps", &ServeSettings::data, {}},
    Setting{"http", "HOST:PORT of the AWS APIs; port 0 takes a free one, here and below", &ServeSettings::http, {}},
    Setting{"mqtt", "HOST:PORT of MQTT over mutual TLS", &ServeSettings::mqtt, {}},
    Setting{"https", "HOST:PORT of what AWS has on 443", &ServeSettings::https, {}},
    Setting{"device-https", "HOST:PORT of HTTPS with device certificates", &ServeSettings::device_https, {}},
    Setting{"hostname", "The name that clients reach this server by", &ServeSettings::hostname, {}},
    Setting{"tls-certificate",
            "PEM file of the TLS listeners' certificate and its chain; left out: the server makes its own",
            &ServeSettings::tls_certificate,
            {}},
    Setting{"tls-key", "PEM file of its key", &ServeSettings::tls_key, {}},
    Setting{"tls-root", "PEM file of the root that it leads to: what devices are to trust", &ServeSettings::tls_root, {}},
    Setting{"quotas", "Sizes and counts: aws (AWS's published limits) or extended", &ServeSettings::quotas, {"aws", "extended"}},
    Setting{"rates", "none, or aws (AWS's published rates)", &ServeSettings::rates, {"none", "aws"}},
    Setting{"loops", "Event loops of the MQTT gateway: auto (one a core), or 1 to 256", &ServeSettings::loops, {}},
    Setting{"log-level", "trace, debug, info, warn or error", &ServeSettings::log_level, {"trace", "debug", "info", "warn", "error"}},
};

constexpr std::size_t most_loops = 256;

std::string flag_of(std::string_view name) { return "--" + std::string(name); }

Error at(const toml::node& node, const std::string& file, const std::string& what) {
    return {ErrorCode::invalid_request, file + ":" + std::to_string(node.source().begin.line) + ": " + what, file};
}

Result<AcmCertificate> parse_acm(const toml::table& table, const std::string& file) {
    AcmCertificate out;
    const auto folder = std::filesystem::path(file).parent_path();
    for (const auto& [key, node] : table) {
        const auto text = node.value<std::string>();
        if (!text) return Unexpected(at(node, file, "'" + std::string(key.str()) + "' of [[acm]] must be a text in quotes."));
        if (key == "arn")
            out.arn = *text;
        else if (key == "certificate")
            out.certificate = folder / *text;
        else if (key == "private_key")
            out.private_key = folder / *text;
        else
            return Unexpected(
                at(node, file, "'" + std::string(key.str()) + "' is no key of [[acm]]; it takes arn, certificate and private_key."));
    }
    if (out.arn.empty() || out.certificate.empty() || out.private_key.empty())
        return Unexpected(at(table, file, "[[acm]] needs arn, certificate and private_key."));
    return out;
}

Result<void> read_key(const CLI::App& command, ServeSettings& settings, std::string_view key, const toml::node& node) {
    const auto& file = settings.config;
    if (key == "acm") {
        const auto* rows = node.as_array();
        if (!rows || !rows->is_array_of_tables()) return Unexpected(at(node, file, "acm is written [[acm]]."));
        for (const auto& row : *rows) {
            auto parsed = parse_acm(*row.as_table(), file);
            if (!parsed) return Unexpected(parsed.error());
            settings.acm.push_back(std::move(*parsed));
        }
        return {};
    }
    if (key == "account") {
        if (command.count("--account") > 0) return {};
        const auto* list = node.as_array();
        if (!list) return Unexpected(at(node, file, "account is a list: account = [\"000000000000\"]."));
        for (const auto& item : *list) {
            const auto text = item.value<std::string>();
            if (!text) return Unexpected(at(item, file, "an account is 12 digits in quotes."));
            settings.accounts.push_back(*text);
        }
        return {};
    }
    const auto row =
        std::find_if(settings_table.begin(), settings_table.end(), [&](const Setting& setting) { return setting.name == key; });
    if (row == settings_table.end())
        return Unexpected(at(node, file, "'" + std::string(key) + "' is no setting; `otabahn serve --help` lists them."));
    const auto text = node.value<std::string>();
    if (!text) return Unexpected(at(node, file, "'" + std::string(key) + "' must be a text in quotes."));
    if (command.count(flag_of(key)) == 0) settings.*row->value = *text;
    return {};
}

Result<void> check(const ServeSettings& settings) {
    for (const auto& setting : settings_table) {
        const auto& value = settings.*setting.value;
        if (setting.words.size() > 0 && std::find(setting.words.begin(), setting.words.end(), value) == setting.words.end()) {
            std::string words;
            for (auto word : setting.words) words += (words.empty() ? "" : ", ") + std::string(word);
            return fail(ErrorCode::invalid_request, flag_of(setting.name) + " takes one of " + words + ", not '" + value + "'.");
        }
    }
    if (auto loops = loops_of(settings); !loops) return Unexpected(loops.error());
    for (const auto& account : settings.accounts)
        if (auto id = AccountId::parse(account); !id) return fail(ErrorCode::invalid_request, "--account: " + id.error().message);
    const bool certificate = !settings.tls_certificate.empty();
    if (certificate == settings.tls_key.empty() || certificate == settings.tls_root.empty())
        return fail(ErrorCode::invalid_request,
                    "--tls-certificate, --tls-key and --tls-root belong together: give all three, or none to use the server's own.");
    if (settings.rates == "aws")
        return fail(ErrorCode::not_implemented, "--rates aws is not there yet: this server does not delay anybody. Leave the flag out.");
    return {};
}

}  // namespace

Result<std::size_t> loops_of(const ServeSettings& settings) {
    if (settings.loops == "auto") return std::max(1U, std::thread::hardware_concurrency());
    std::size_t out = 0;
    const char* end = settings.loops.data() + settings.loops.size();
    const auto parsed = std::from_chars(settings.loops.data(), end, out);
    if (parsed.ec != std::errc{} || parsed.ptr != end || out < 1 || out > most_loops)
        return fail(ErrorCode::invalid_request, "--loops takes auto or a number from 1 to 256, not '" + settings.loops + "'.");
    return out;
}

void declare_flags(CLI::App& command, ServeSettings& settings) {
    for (const auto& setting : settings_table)
        command.add_option(flag_of(setting.name), settings.*setting.value, std::string(setting.help))->capture_default_str();
    command.add_option("--account", settings.accounts, "Account id, 12 digits; may be repeated. Default 000000000000");
    command.add_option("--config", settings.config, "TOML file with the same names, and [[acm]] certificates");
}

Result<void> read_config(const CLI::App& command, ServeSettings& settings) {
    if (!settings.config.empty()) {
        const auto parsed = [&]() -> Result<toml::table> {
            try {
                return toml::parse_file(settings.config);
            } catch (const toml::parse_error& wrong) {
                std::ostringstream where;
                where << settings.config << ":" << wrong.source().begin.line << ": " << wrong.description();
                return fail(ErrorCode::invalid_request, where.str());
            }
        }();
        if (!parsed) return Unexpected(parsed.error());
        for (const auto& [key, node] : *parsed)
            if (auto read = read_key(command, settings, key.str(), node); !read) return read;
    }
    if (settings.accounts.empty()) settings.accounts.push_back("000000000000");
    return check(settings);
}

}  // namespace otabahn::program

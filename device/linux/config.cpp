// SPDX-License-Identifier: Apache-2.0
#include "device/linux/config.hpp"

#include "device/host/client_tls.hpp"
#include "device/host/http_fetch.hpp"
#include "device/install/back_ends.hpp"
#include "device/install/hooks.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <string_view>

namespace otabahn::device {

namespace {

// Gives what was expected, or nothing when the value was taken.
using Taker = std::function<std::string(const toml::node&, Config&)>;

Taker text(std::string Config::*member) {
    return [member](const toml::node& node, Config& config) -> std::string {
        const auto value = node.value_exact<std::string>();
        if (!value) return "a text in quotes";
        config.*member = *value;
        return {};
    };
}

Taker path(std::filesystem::path Config::*member) {
    return [member](const toml::node& node, Config& config) -> std::string {
        const auto value = node.value_exact<std::string>();
        if (!value || value->empty()) return "a path in quotes, relative to the file's folder";
        config.*member = (config.folder / *value).lexically_normal();
        return {};
    };
}

Taker flag(bool Config::*member) {
    return [member](const toml::node& node, Config& config) -> std::string {
        const auto value = node.value_exact<bool>();
        if (!value) return "true or false";
        config.*member = *value;
        return {};
    };
}

template <class Owner, class Number>
Taker number(Number Owner::*member, std::int64_t least, std::int64_t most) {
    return [=](const toml::node& node, Config& config) -> std::string {
        const auto value = node.value_exact<std::int64_t>();
        if (!value || *value < least || *value > most)
            return "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
        config.*member = Number(static_cast<std::uint64_t>(*value));
        return {};
    };
}

Taker words(std::vector<std::string> Config::*member) {
    return [member](const toml::node& node, Config& config) -> std::string {
        constexpr const char* expected = R"(a list of words, the program first: ["program", "argument", "{image}"])";
        const toml::array* list = node.as_array();
        if (list == nullptr || list->empty()) return expected;
        std::vector<std::string> taken;
        for (const toml::node& item : *list) {
            const auto word = item.value_exact<std::string>();
            if (!word || (taken.empty() && word->empty())) return expected;
            taken.push_back(*word);
        }
        config.*member = std::move(taken);
        return {};
    };
}

std::string take_private_key(const toml::node& node, Config& config) {
    const auto value = node.value_exact<std::string>();
    if (!value || value->empty()) return R"(a path in quotes, or a key of a token: "pkcs11:token=…;object=…", "handle:0x81000001")";
    config.private_key = is_key_uri(*value) ? *value : (config.folder / *value).lexically_normal().string();
    return {};
}

std::string take_template(const toml::node& node, Config& config) {
    const auto value = node.value_exact<std::string>();
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    if (!value || value->empty() || value->size() > 36 || !std::all_of(value->begin(), value->end(), good))
        return "a provisioning template's name: 1 to 36 of a-z A-Z 0-9 _ -";
    config.provisioning_template = *value;
    return {};
}

std::string take_parameters(const toml::node& node, Config& config) {
    constexpr const char* expected = R"(a list of "Name=value", as the provisioning template names them: ["SerialNumber=4711"])";
    const toml::array* list = node.as_array();
    if (list == nullptr) return expected;
    for (const toml::node& item : *list) {
        const auto word = item.value_exact<std::string>();
        if (!word || word->find('=') == std::string::npos || word->front() == '=') return expected;
        config.provisioning_parameters.push_back(*word);
    }
    return {};
}

std::string take_mqtt_version(const toml::node& node, Config& config) {
    const auto value = node.value_exact<std::int64_t>();
    if (value != 3 && value != 5) return "3 (which is 3.1.1) or 5";
    config.mqtt_version = static_cast<std::uint32_t>(*value);
    return {};
}

std::string take_install(const toml::node& node, Config& config) {
    const auto value = node.value_exact<std::string>();
    if (!value || find_back_end(*value) == nullptr) return "one of " + back_end_names();
    config.install = *value;
    return {};
}

std::string take_probe(const toml::node& node, Config& config) {
    const auto value = node.value_exact<std::string>();
    if (!value || !parse_http_url(*value)) return R"(a URL of http or https, as in "http://127.0.0.1:8080/health")";
    config.self_test_http = *value;
    return {};
}

std::string take_sysupdate_name(const toml::node& node, Config& config) {
    const auto value = node.value_exact<std::string>();
    const std::size_t at = value ? value->find("@v") : std::string::npos;
    if (at == std::string::npos || at == 0 || value->find('/') != std::string::npos)
        return R"(a file's name with @v where the version stands, as in "product_@v.efi")";
    config.sysupdate_name = *value;
    return {};
}

std::string take_uboot_variable(const toml::node& node, Config& config) {
    const auto value = node.value_exact<std::string>();
    if (!value || value->empty() || value->find_first_of("=\n\r \t") != std::string::npos)
        return "the name of a variable of U-Boot's environment";
    config.uboot_variable = *value;
    return {};
}

std::string take_thing_name(const toml::node& node, Config& config) {
    const auto value = node.value_exact<std::string>();
    constexpr const char* expected = "a thing's name: 1 to 128 of a-z A-Z 0-9 : _ -";
    if (!value || value->empty() || value->size() > 128) return expected;
    for (char c : *value) {
        const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' || c == '_' || c == '-';
        if (!good) return expected;
    }
    config.thing_name = *value;
    return {};
}

std::string take_endpoint(const toml::node& node, Config& config) {
    constexpr const char* expected = R"("HOST:PORT", as in "localhost:8883")";
    const auto value = node.value_exact<std::string>();
    if (!value) return expected;
    const std::size_t colon = value->rfind(':');
    if (colon == std::string::npos || colon == 0) return expected;
    int port = 0;
    for (char c : value->substr(colon + 1)) {
        if (c < '0' || c > '9' || port > 65535) return expected;
        port = port * 10 + (c - '0');
    }
    if (port < 1 || port > 65535) return expected;
    config.host = value->substr(0, colon);
    if (config.host.size() > 2 && config.host.front() == '[' && config.host.back() == ']')
        config.host = config.host.substr(1, config.host.size() - 2);
    config.port = port;
    return {};
}

struct Key {
    std::string_view name;
    bool required;
    Taker take;
};

const std::vector<Key>& keys() {
    static const std::vector<Key> table = {
        {"thing_name", true, take_thing_name},
        {"endpoint", true, take_endpoint},
        {"certificate", false, path(&Config::certificate)},
        {"private_key", false, take_private_key},
        {"pkcs11_module", false, path(&Config::pkcs11_module)},
        {"mqtt_version", false, take_mqtt_version},
        {"claim_certificate", false, path(&Config::claim_certificate)},
        {"claim_private_key", false, path(&Config::claim_private_key)},
        {"provisioning_template", false, take_template},
        {"provisioning_parameters", false, take_parameters},
        {"renew_days", false, number(&Config::renew_days, 0, 3'650)},
        {"root_ca", false, path(&Config::root_ca)},
        {"trust", false, path(&Config::trust)},
        {"state", false, path(&Config::state)},
        {"slot_bytes", false, number(&Config::slot_bytes, 1, std::numeric_limits<std::int64_t>::max())},
        {"install", false, take_install},
        {"command", false, words(&Config::command)},
        {"slot_a", false, path(&Config::slot_a)},
        {"slot_b", false, path(&Config::slot_b)},
        {"active_link", false, path(&Config::active_link)},
        {"self_test_command", false, words(&Config::self_test_command)},
        {"self_test_seconds", false, number(&Config::self_test_seconds, 0, 86'400)},
        {"self_test_timeout_seconds", false, number(&Config::self_test_timeout_seconds, 1, 86'400)},
        {"install_command", false, words(&Config::install_command)},
        {"activate_command", false, words(&Config::activate_command)},
        {"confirm_command", false, words(&Config::confirm_command)},
        {"rollback_command", false, words(&Config::rollback_command)},
        {"running_command", false, words(&Config::running_command)},
        {"restart_command", false, words(&Config::restart_command)},
        {"reboot_command", false, words(&Config::reboot_command)},
        {"command_seconds", false, number(&Config::command_seconds, 1, 86'400)},
        {"uboot_config", false, path(&Config::uboot_config)},
        {"uboot_variable", false, take_uboot_variable},
        {"swupdate_socket", false, path(&Config::swupdate_socket)},
        {"sysupdate_folder", false, path(&Config::sysupdate_folder)},
        {"sysupdate_name", false, take_sysupdate_name},
        {"os_release", false, path(&Config::os_release)},
        {"trial_boots", false, number(&Config::trial_boots, 1, 99)},
        {"hooks", false, path(&Config::hooks)},
        {"hook_seconds", false, number(&Config::hook_seconds, 1, 86'400)},
        {"ask_before_download", false, flag(&Config::ask_before_download)},
        {"self_test_http", false, take_probe},
        {"self_test_unit", false, text(&Config::self_test_unit)},
        {"self_test_word", false, flag(&Config::self_test_word)},
        {"socket", false, path(&Config::socket)},
        {"boot_id", false, path(&Config::boot_id)},
        {"product", false, text(&Config::product)},
        {"hardware", false, text(&Config::hardware)},
        {"require_release", false, flag(&Config::require_release)},
        {"allow_downgrade", false, flag(&Config::allow_downgrade)},
        {"allow_unsigned", false, flag(&Config::allow_unsigned)},
        {"block_bytes", false, number(&Config::block_bytes, 256, 131'072)},
        {"max_bytes_per_second", false, number(&Config::max_bytes_per_second, 0, 1LL << 40)},
        {"give_up_seconds", false, number(&Config::give_up_seconds, 10, 30 * 86'400)},
    };
    return table;
}

// A device has a certificate and its key, or a claim and a template that get it one.
std::string identity_trouble(const Config& config) {
    const auto missing = [](const char* key, const std::string& why) {
        return "the key '" + std::string(key) + "' is missing" + why + ".";
    };
    const bool claims = !config.claim_certificate.empty() || !config.claim_private_key.empty();
    if (!claims && config.certificate.empty())
        return missing("certificate", " (or claim_certificate, for provisioning at the first start)");
    if (!claims && config.private_key.empty()) return missing("private_key", "");
    if (claims && config.claim_certificate.empty()) return missing("claim_certificate", "; claim_private_key needs it");
    if (claims && config.claim_private_key.empty()) return missing("claim_private_key", "; claim_certificate needs it");
    if (claims && config.certificate.empty() && !config.private_key.empty() && !is_key_uri(config.private_key))
        return "'private_key' without 'certificate' takes a key of a token; without it the agent makes one.";
    if ((claims || config.renew_days.count() > 0) && config.provisioning_template.empty())
        return missing("provisioning_template", claims ? "; claim_certificate needs it" : "; renew_days needs it");
    return {};
}

std::string known_keys() {
    std::string all;
    for (const Key& key : keys()) all.append(all.empty() ? "" : ", ").append(key.name);
    return all;
}

}  // namespace

Result<Config> load_config(const std::filesystem::path& file) {
    const std::string name = file.string();
    std::error_code missing;
    if (!std::filesystem::is_regular_file(file, missing))
        return fail(ErrorCode::not_found,
                    name + ": there is no such file; `otabahn thing create` makes one, and --config says where it is.", name);
    Config config;
    config.folder = std::filesystem::absolute(file).parent_path();
    config.trust = config.folder / "trust";
    config.state = config.folder / "state";
    const auto at = [&](const toml::source_region& region) { return name + ":" + std::to_string(region.begin.line) + ": "; };
    try {
        const toml::table table = toml::parse_file(name);
        for (const auto& [key, node] : table) {
            const Key* known = nullptr;
            for (const Key& row : keys())
                if (row.name == key.str()) known = &row;
            if (known == nullptr)
                return fail(ErrorCode::invalid_request,
                            at(key.source()) + "unknown key '" + std::string(key.str()) + "'; the keys are " + known_keys() + ".", name);
            if (const std::string expected = known->take(node, config); !expected.empty())
                return fail(ErrorCode::invalid_request, at(node.source()) + "'" + std::string(key.str()) + "' takes " + expected + ".",
                            name);
        }
        for (const Key& row : keys())
            if (row.required && !table.contains(row.name))
                return fail(ErrorCode::invalid_request, name + ": the key '" + std::string(row.name) + "' is missing.", name);
        if (const std::string trouble = identity_trouble(config); !trouble.empty())
            return fail(ErrorCode::invalid_request, name + ": " + trouble, name);
        if (!table.contains("install") && table.contains("install_command")) config.install = "commands";
        const BackEnd& back_end = *find_back_end(config.install);
        for (const auto& [key, node] : table)
            if (is_back_end_key(key.str()) && !takes_key(back_end, key.str()))
                return fail(ErrorCode::invalid_request,
                            at(key.source()) + "'" + std::string(key.str()) + "' is of no use with install = \"" + config.install +
                                "\", which takes " + std::string(back_end.keys) + " (* must be there).",
                            name);
        for (const std::string_view key : required_keys(back_end))
            if (!table.contains(key))
                return fail(ErrorCode::invalid_request,
                            name + ": the key '" + std::string(key) + "' is missing; install = \"" + config.install + "\" needs it.", name);
    } catch (const toml::parse_error& error) {
        return fail(ErrorCode::invalid_request, at(error.source()) + std::string(error.description()), name);
    }
    const std::pair<const char*, std::filesystem::path> files[] = {
        {"certificate", config.certificate},
        {"private_key", is_key_uri(config.private_key) ? std::string() : config.private_key},
        {"root_ca", config.root_ca},
        {"pkcs11_module", config.pkcs11_module},
        {"claim_certificate", config.claim_certificate},
        {"claim_private_key", config.claim_private_key},
    };
    for (const auto& [key, path] : files)
        if (!path.empty() && !std::filesystem::is_regular_file(path, missing))
            return fail(ErrorCode::not_found, name + ": '" + key + "' names " + path.string() + ", where there is no file.", name);
    if (config.socket.empty()) config.socket = config.state / "agent.sock";
    if (!config.hooks.empty()) {
        if (!std::filesystem::is_directory(config.hooks, missing))
            return fail(ErrorCode::not_found, name + ": 'hooks' names " + config.hooks.string() + ", where there is no folder.", name);
        if (const auto stray = stray_hook(config.hooks)) {
            std::string all;
            for (const std::string_view hook : hook_names) all.append(all.empty() ? "" : ", ").append(hook);
            return fail(ErrorCode::invalid_request,
                        config.hooks.string() + " holds '" + *stray + "', which would never be called; hooks are " + all + ".", name);
        }
    }
    return config;
}

}  // namespace otabahn::device

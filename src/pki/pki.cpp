// SPDX-License-Identifier: Apache-2.0
#include "pki/pki.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

namespace otabahn::pki {

namespace fs = std::filesystem;
using x509::Certificate;
using x509::PrivateKey;

namespace {

constexpr auto root_life = std::chrono::years(30);
constexpr auto server_life = std::chrono::days(397);  // what browsers and SDKs accept at the most
constexpr auto renew_before = std::chrono::days(30);
constexpr Timestamp devices_end =
    std::chrono::sys_days(std::chrono::year(2049) / 12 / 31) + std::chrono::hours(23) + std::chrono::minutes(59) + std::chrono::seconds(59);

Result<std::string> read_file(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return fail(ErrorCode::not_found, "Cannot read " + file.string() + ": " + std::strerror(errno) + ".", file.string());
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

// Whole and durable, or as before: a temporary beside it, fsync, rename.
Result<void> write_file(const fs::path& file, const std::string& text, mode_t mode) {
    const auto temporary = file.string() + ".new";
    const auto refuse = [&](const char* what) -> Result<void> {
        return fail(ErrorCode::internal, std::string("Cannot ") + what + " " + temporary + ": " + std::strerror(errno) + ".",
                    file.string());
    };
    const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (descriptor < 0) return refuse("create");
    const bool written = ::fchmod(descriptor, mode) == 0 &&
                         ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(descriptor) == 0;
    ::close(descriptor);
    if (!written) return refuse("write");
    if (::rename(temporary.c_str(), file.c_str()) != 0) return refuse("rename");
    const int folder = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        ::fsync(folder);
        ::close(folder);
    }
    return {};
}

struct Pair {
    Certificate certificate;
    PrivateKey key;
};

Result<Pair> read_pair(const fs::path& certificate_file, const fs::path& key_file) {
    auto certificate_text = read_file(certificate_file);
    if (!certificate_text) return Unexpected(certificate_text.error());
    auto key_text = read_file(key_file);
    if (!key_text) return Unexpected(key_text.error());
    auto certificate = Certificate::parse_pem(*certificate_text);
    if (!certificate)
        return fail(certificate.error().code, certificate_file.string() + ": " + certificate.error().message, certificate_file.string());
    auto key = PrivateKey::parse_pem(*key_text);
    if (!key) return fail(key.error().code, key_file.string() + ": " + key.error().message, key_file.string());
    if (!key->fits(*certificate))
        return fail(ErrorCode::invalid_state, key_file.string() + " is not the key of " + certificate_file.string() +
                                                  ": put the pair back from a backup, or remove both to have new ones made (devices must "
                                                  "then get new certificates or trust the new root).");
    return Pair{std::move(*certificate), std::move(*key)};
}

// The key is durable before the certificate that needs it, so a cut in between leaves nothing that contradicts itself.
Result<Pair> make_authority(const fs::path& certificate_file, const fs::path& key_file, const std::string& name, Timestamp now,
                            const Pair* above) {
    auto key = PrivateKey::generate(x509::KeyAlgorithm::ec_p256);
    if (!key) return Unexpected(key.error());
    x509::IssueRequest request{.public_key_pem = key->public_key_pem(),
                               .subject = {.common_name = name, .organization = "otabahn"},
                               .not_before = now - std::chrono::hours(1),
                               .not_after = now + root_life,
                               .certificate_authority = true};
    auto certificate = above ? x509::issue(request, above->key, &above->certificate) : x509::issue(request, *key, nullptr);
    if (!certificate) return Unexpected(certificate.error());
    if (auto written = write_file(key_file, key->to_pem(), 0600); !written) return Unexpected(written.error());
    if (auto written = write_file(certificate_file, certificate->to_pem(), 0644); !written) return Unexpected(written.error());
    return Pair{std::move(*certificate), std::move(*key)};
}

Result<Pair> open_authority(const fs::path& certificate_file, const fs::path& key_file, const std::string& name, Timestamp now,
                            const Pair* above) {
    if (fs::exists(certificate_file)) return read_pair(certificate_file, key_file);
    return make_authority(certificate_file, key_file, name, now, above);
}

std::vector<std::string> sorted(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

}  // namespace

Result<std::unique_ptr<Pki>> Pki::open(const fs::path& folder, const ServerNames& names, Timestamp now) {
    std::error_code failed;
    fs::create_directories(folder / "pki", failed);
    if (failed)
        return fail(ErrorCode::internal, "Cannot make " + (folder / "pki").string() + ": " + failed.message() + ".", folder.string());
    fs::permissions(folder / "pki", fs::perms::owner_all, failed);
    auto root = open_authority(folder / "root-ca.pem", folder / "pki" / "root-ca.key", "otabahn root CA", now, nullptr);
    if (!root) return Unexpected(root.error());
    auto devices = open_authority(folder / "pki" / "device-ca.pem", folder / "pki" / "device-ca.key", "otabahn device CA", now, &*root);
    if (!devices) return Unexpected(devices.error());
    std::unique_ptr<Pki> pki(new Pki(folder, root->certificate, root->key, devices->certificate, devices->key));
    if (auto renewed = pki->renew_server_certificate(names, now); !renewed) return Unexpected(renewed.error());
    return pki;
}

Result<void> Pki::renew_server_certificate(const ServerNames& names, Timestamp now) {
    const auto wanted_file = folder_ / "pki" / "server.names";
    std::string wanted;
    for (const auto& name : sorted(names.dns)) wanted += "dns " + name + "\n";
    for (const auto& address : sorted(names.addresses)) wanted += "address " + address + "\n";
    if (fs::exists(server_certificate_file())) {
        auto pair = read_pair(server_certificate_file(), server_key_file());
        const auto had = read_file(wanted_file);
        if (pair && had && *had == wanted && pair->certificate.not_after() - renew_before > now && pair->certificate.issued_by(root_))
            return {};
    }
    auto key = PrivateKey::generate(x509::KeyAlgorithm::ec_p256);
    if (!key) return Unexpected(key.error());
    x509::IssueRequest request{.public_key_pem = key->public_key_pem(),
                               .subject = {.common_name = names.dns.empty() ? "otabahn" : names.dns.front(), .organization = "otabahn"},
                               .not_before = now - std::chrono::hours(1),
                               .not_after = now + server_life,
                               .dns_names = sorted(names.dns),
                               .ip_addresses = sorted(names.addresses),
                               .server_auth = true};
    auto certificate = x509::issue(request, root_key_, &root_);
    if (!certificate) return Unexpected(certificate.error());
    // The certificate goes last: while it is missing or does not fit its key, the next start makes the pair again.
    if (fs::exists(server_certificate_file())) fs::remove(server_certificate_file());
    if (auto written = write_file(server_key_file(), key->to_pem(), 0600); !written) return written;
    if (auto written = write_file(wanted_file, wanted, 0644); !written) return written;
    return write_file(server_certificate_file(), certificate->to_pem(), 0644);
}

Result<std::string> Pki::issue(std::string_view public_key_pem, std::string_view common_name) {
    x509::IssueRequest request{.public_key_pem = std::string(public_key_pem),
                               .subject = {.common_name = std::string(common_name)},
                               .not_before = devices_.not_before(),
                               .not_after = devices_end,
                               .client_auth = true};
    auto certificate = x509::issue(request, devices_key_, &devices_);
    if (!certificate) return Unexpected(certificate.error());
    return certificate->to_pem();
}

fs::path Pki::root_certificate_file() const { return folder_ / "root-ca.pem"; }
fs::path Pki::server_certificate_file() const { return folder_ / "pki" / "server.pem"; }
fs::path Pki::server_key_file() const { return folder_ / "pki" / "server.key"; }

}  // namespace otabahn::pki

// SPDX-License-Identifier: Apache-2.0
#include "signer/certificates.hpp"

#include "encoding/hex.hpp"
#include "signer/sql.hpp"


#include <algorithm>

namespace otabahn::signer {
namespace {

std::vector<std::string_view> split(std::string_view text, char mark, std::size_t most) {
    std::vector<std::string_view> out;
    while (out.size() + 1 < most) {
        const auto at = text.find(mark);
        if (at == std::string_view::npos) break;
        out.push_back(text.substr(0, at));
        text.remove_prefix(at + 1);
    }
    out.push_back(text);
    return out;
}

Unexpected<Error> refuse(std::string message) { return fail(ErrorCode::invalid_request, std::move(message)); }

std::string format_day(Timestamp time) {
    const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
    const auto two = [](unsigned n) { return std::string(n < 10 ? "0" : "") + std::to_string(n); };
    return std::to_string(int(day.year())) + "-" + two(unsigned(day.month())) + "-" + two(unsigned(day.day()));
}

}  // namespace

Result<CertificateArn> parse_certificate_arn(std::string_view arn) {
    constexpr std::string_view resource = "certificate/";
    const auto parts = split(arn, ':', 6);
    const auto bad = [&](const std::string& why) {
        return refuse("'" + std::string(arn.substr(0, 300)) + "' is no ARN of a certificate: " + why +
                      ". It looks like arn:aws:acm:REGION:ACCOUNT:certificate/ID.");
    };
    if (parts.size() != 6 || parts[0] != "arn" || parts[1] != "aws" || parts[2] != "acm")
        return bad("it does not start with arn:aws:acm and has not six parts");
    auto region = Region::parse(parts[3]);
    if (!region) return bad(region.error().message);
    auto account = AccountId::parse(parts[4]);
    if (!account) return bad(account.error().message);
    if (!parts[5].starts_with(resource)) return bad("its resource is no certificate/ID");
    const auto id = parts[5].substr(resource.size());
    const bool fits = id_rules::all_of(id, 1, 128, [](char c) { return id_rules::is_alnum(c) || c == '-' || c == '_'; });
    if (!fits) return bad("the id takes 1 to 128 of a-z A-Z 0-9 - _");
    return CertificateArn{{std::move(account).value(), std::move(region).value()}, std::string(id)};
}

std::string format_certificate_arn(const Scope& scope, std::string_view id) { return scope.arn("acm", "certificate/" + std::string(id)); }

Result<void> judge_validity(const x509::Certificate& certificate, Timestamp now) {
    if (now < certificate.not_before())
        return refuse("The certificate is not valid yet: its NotBefore is " + format_day(certificate.not_before()) + ".");
    if (now >= certificate.not_after())
        return refuse("The certificate has expired: its NotAfter was " + format_day(certificate.not_after()) + ".");
    return {};
}

Result<x509::Certificate> judge_import(const Import& import) {
    const auto all = x509::Certificate::parse_pem_chain(import.certificate);
    if (!all) return refuse("The certificate field could not be read as a PEM certificate: " + all.error().message);
    if (all->size() != 1)
        return refuse("The certificate field contains " + std::to_string(all->size()) +
                      " certificates. Give one there, and those of its authorities as the certificate chain.");
    const auto& certificate = all->front();
    if (certificate.version() != 3)
        return refuse("The certificate is of X.509 version " + std::to_string(certificate.version()) + "; version 3 is taken.");
    if (certificate.issuer().empty()) return refuse("The certificate names no issuer.");
    const auto kind = certificate.key_algorithm();
    const auto kind_name = x509::to_key_type_name(kind, certificate.key_bits());
    const bool rsa_fits = kind == x509::KeyAlgorithm::rsa && certificate.key_bits() >= 1024 && certificate.key_bits() <= 4096;
    if (kind == x509::KeyAlgorithm::other || (kind == x509::KeyAlgorithm::rsa && !rsa_fits))
        return refuse("The certificate's key is of kind " + kind_name +
                      "; RSA of 1024 to 4096 bits and EC on P-256, P-384, P-521 are taken.");
    const auto key = x509::PrivateKey::parse_pem(import.private_key);
    if (!key) return refuse("The private key could not be read: " + key.error().message);
    if (!key->fits(certificate)) return refuse("The private key does not belong to the certificate: their public keys differ.");
    if (import.chain.empty()) return certificate;
    const auto chain = x509::Certificate::parse_pem_chain(import.chain);
    if (!chain) return refuse("The certificate chain could not be read as PEM certificates: " + chain.error().message);
    const auto* issued = &certificate;
    for (const auto& authority : *chain) {
        if (!issued->issued_by(authority))
            return refuse("The certificate chain is not in order: " + issued->subject() + " was not issued by " + authority.subject() +
                          ", which follows it. Give the issuer of the certificate first, then the issuer's issuer.");
        issued = &authority;
    }
    return certificate;
}

Result<void> judge_reimport(const x509::Certificate& before, const x509::Certificate& after) {
    const auto kind = [](const x509::Certificate& one) { return x509::to_key_type_name(one.key_algorithm(), one.key_bits()); };
    if (kind(before) != kind(after))
        return refuse("A re-import keeps the key's kind: the certificate had " + kind(before) + ", the new one has " + kind(after) +
                      ". Import it as a new certificate.");
    if (before.key_usages().empty() && !after.key_usages().empty())
        return refuse("A re-import may not add a key usage extension, which the earlier certificate had not.");
    if (before.extended_key_usages().empty() && !after.extended_key_usages().empty())
        return refuse("A re-import may not add an extended key usage extension, which the earlier certificate had not.");
    return {};
}

StoredCertificate read_certificate(const runtime::SqlRow& row) {
    return {row.text(0), row.text(1), row.text(2), objects::parse_fields(row.text(3)), row.time(4), row.time(5)};
}

std::optional<StoredCertificate> find_certificate_row(runtime::SqlSession& session, const Scope& scope, const std::string& id) {
    const auto row =
        session.query_one(sql::find_certificate, {{"account", scope.account.text()}, {"region", scope.region.text()}, {"id", id}});
    if (!row) return std::nullopt;
    return read_certificate(*row);
}

void put_certificate_row(runtime::SqlSession& session, const Scope& scope, const std::string& id, const Import& import,
                         const objects::Fields& tags, Timestamp now) {
    session.execute(sql::put_certificate, {{"account", scope.account.text()},
                                           {"region", scope.region.text()},
                                           {"id", id},
                                           {"certificate", import.certificate},
                                           {"chain", import.chain},
                                           {"private_key", import.private_key},
                                           {"tags", objects::format_fields(tags)},
                                           {"now", now}});
}

Result<x509::PrivateKey> load_private_key(runtime::SqlSession& session, const Scope& scope, const std::string& id) {
    const auto row =
        session.query_one(sql::load_private_key, {{"account", scope.account.text()}, {"region", scope.region.text()}, {"id", id}});
    if (!row) return fail(ErrorCode::not_found, "Could not find certificate " + format_certificate_arn(scope, id) + ".");
    return x509::PrivateKey::parse_pem(row->text(0));
}

}  // namespace otabahn::signer

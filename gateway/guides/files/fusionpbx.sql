-- FusionPBX, apps Messages and Providers: simrack as a provider. For PostgreSQL 13 or newer.
-- sudo -u postgres psql fusionpbx -f fusionpbx.sql, as often as you like: what it made before is made anew.
begin;
delete from v_provider_settings where provider_uuid = '6b1f1c4e-2f0a-4c57-9d0b-5a1d5e0c7a11';
delete from v_provider_addresses where provider_uuid = '6b1f1c4e-2f0a-4c57-9d0b-5a1d5e0c7a11';
delete from v_providers where provider_uuid = '6b1f1c4e-2f0a-4c57-9d0b-5a1d5e0c7a11';
insert into v_providers (provider_uuid, provider_name, provider_enabled, provider_description)
values ('6b1f1c4e-2f0a-4c57-9d0b-5a1d5e0c7a11', 'simrack', 'true', 'texts over SIM cards');
insert into v_provider_addresses (provider_address_uuid, provider_uuid, provider_address_cidr, provider_address_enabled)
values (gen_random_uuid(), '6b1f1c4e-2f0a-4c57-9d0b-5a1d5e0c7a11', '{host}', 'true');
insert into v_provider_settings (provider_setting_uuid, provider_uuid, provider_setting_category, provider_setting_subcategory,
  provider_setting_type, provider_setting_name, provider_setting_value, provider_setting_order, provider_setting_enabled)
values
(gen_random_uuid(), '6b1f1c4e-2f0a-4c57-9d0b-5a1d5e0c7a11', 'outbound', 'destination', 'text', 'http_destination', '{address}/api/send', 10, 'true'),
(gen_random_uuid(), '6b1f1c4e-2f0a-4c57-9d0b-5a1d5e0c7a11', 'outbound', 'method', 'text', 'http_method', 'POST', 20, 'true'),
(gen_random_uuid(), '6b1f1c4e-2f0a-4c57-9d0b-5a1d5e0c7a11', 'outbound', 'authentication', 'text', 'http_auth_username', 'simrack', 30, 'true'),
(gen_random_uuid(), '6b1f1c4e-2f0a-4c57-9d0b-5a1d5e0c7a11', 'outbound', 'authentication', 'text', 'http_auth_password', '{key}', 40, 'true'),
(gen_random_uuid(), '6b1f1c4e-2f0a-4c57-9d0b-5a1d5e0c7a11', 'outbound', 'content', 'text', 'content_type', 'json', 50, 'true'),
(gen_random_uuid(), '6b1f1c4e-2f0a-4c57-9d0b-5a1d5e0c7a11', 'outbound', 'content', 'text', 'message_from', 'from', 60, 'true'),
(gen_random_uuid(), '6b1f1c4e-2f0a-4c57-9d0b-5a1d5e0c7a11', 'outbound', 'content', 'text', 'message_to', 'to', 70, 'true'),
(gen_random_uuid(), '6b1f1c4e-2f0a-4c57-9d0b-5a1d5e0c7a11', 'outbound', 'content', 'text', 'message_content', 'text', 80, 'true'),
(gen_random_uuid(), '6b1f1c4e-2f0a-4c57-9d0b-5a1d5e0c7a11', 'inbound', 'content', 'text', 'content_type', 'json', 10, 'true'),
(gen_random_uuid(), '6b1f1c4e-2f0a-4c57-9d0b-5a1d5e0c7a11', 'inbound', 'content', 'text', 'message_from', 'from', 20, 'true'),
(gen_random_uuid(), '6b1f1c4e-2f0a-4c57-9d0b-5a1d5e0c7a11', 'inbound', 'content', 'text', 'message_to', 'to', 30, 'true'),
(gen_random_uuid(), '6b1f1c4e-2f0a-4c57-9d0b-5a1d5e0c7a11', 'inbound', 'content', 'text', 'message_content', 'text', 40, 'true');
commit;
